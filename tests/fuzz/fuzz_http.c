/*
 * Any bytes as what a client sends, and as what an operation answers: read alike in pieces of any size;
 * refused with a status; or a message for which everything that the module says holds, through signatures and
 * protocols and back. abort() is the finding.
 *
 * The first byte is the size of the pieces, the second says how much of the rest is the request; what follows
 * is an operation's reply.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/utf8.h"
#include "http/parse.h"
#include "http/protocol.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ms_http_parse_limits limits = {4096, 64, 16384};

static void require(bool holds)
{
  if (!holds) {
    abort();
  }
}

static enum ms_http_parse feed(struct ms_http_parser *parser, struct ms_str text, size_t step,
                               size_t *used)
{
  enum ms_http_parse result = MS_HTTP_MORE;
  *used = 0;
  ms_http_parser_init(parser, &limits);
  while ((*used < text.len && result == MS_HTTP_MORE) || result == MS_HTTP_HEAD) {
    size_t end = *used + step < text.len ? *used + step : text.len, taken;
    result = ms_http_parser_feed(parser, ms_str_sub(text, *used, end), &taken);
    require(taken <= end - *used);
    require(result != MS_HTTP_MORE || taken == end - *used);
    *used += taken;
  }
  return result;
}

static void require_plain(struct ms_str s)
{
  for (size_t i = 0; i < s.len; i++) {
    require(s.data[i] != '\r' && s.data[i] != '\n' && s.data[i] != '\0');
  }
}

static void check_message(const struct ms_http_parser *parser)
{
  const struct ms_http_message *m = &parser->message;
  require(m->method.len > 0 && m->path.len > 0);
  require(m->path.data[0] == '/' || ms_str_is(m->path, "*"));
  require(m->body.len <= limits.body_bytes && m->header_count <= limits.header_count);
  require_plain(m->path);
  require_plain(m->query);
  require_plain(m->host);
  for (size_t i = 0; i < m->header_count; i++) {
    require(m->headers[i].name.len > 0);
    require_plain(m->headers[i].name);
    require_plain(m->headers[i].value);
    require(ms_str_find(m->headers[i].name, 0, ' ') == m->headers[i].name.len);
  }
  size_t lengths = ms_field_count(m->headers, m->header_count, "content-length");
  size_t encodings = ms_field_count(m->headers, m->header_count, "transfer-encoding");
  require(lengths + encodings <= 1);
}

static int credential(struct ms_str *secret, struct ms_str access_key_id, void *user)
{
  (void)user;
  *secret = MS_STR("secret");
  return access_key_id.len > 40 ? MSTEP_ENOTFOUND : MSTEP_OK;
}

static void check_answer(const struct ms_http_answer *answer, int err)
{
  require(err == 0 || err == MSTEP_ENOMEM);
  require(err != 0 || (answer->status >= 200 && answer->status <= 599));
}

static void check_protocol(const struct ms_http_message *message, struct ms_str reply)
{
  struct ms_http_call call;
  struct ms_http_failure failure = {0, "", ""};
  struct ms_http_answer answer;
  ms_http_call_init(&call);
  ms_http_answer_init(&answer);
  int err = ms_http_protocol_find(&call, &failure, message);
  if (err == 0) {
    err = ms_http_protocol_decode(&call, &failure, message);
  }
  if (err == 0 && call.family != MS_HTTP_JSON) {
    struct ms_json input;
    require(ms_json_parse(&input, ms_buf_view(&call.input), NULL, NULL) == 0);
    require(ms_json_is_object(input));
    ms_json_unref(input);
  }
  if (err == 0) {
    int status = reply.len > 0 && (reply.data[0] & 1) != 0 ? 400 : 0;
    err = ms_http_protocol_encode(&answer, &call, status, reply, MS_STR("ID"));
  } else {
    require(failure.status >= 400 && failure.code[0] != '\0');
    err = ms_http_protocol_fail(&answer, &call, &failure, MS_STR("ID"));
  }
  check_answer(&answer, err);
  ms_http_answer_deinit(&answer);
  ms_http_call_deinit(&call);
}

static void check_signature(const struct ms_http_message *message)
{
  const struct ms_http_sigv4 check = {
      .lookup = credential, .now_ms = 1440938160000, .skew_ms = 300000};
  struct ms_http_identity identity;
  require(ms_http_sigv4_check(&identity, message, &check) == 0);
  require((identity.auth == MS_HTTP_AUTH_OK) == (identity.text[0] == '\0'));
  require(strstr(identity.text, "secret") == NULL || message->header_count > 0 ||
          message->query.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2) {
    return 0;
  }
  size_t rest = size - 2, len = rest * (data[1] + 1u) / 256;
  struct ms_str text = {(const char *)data + 2, len};
  struct ms_str reply = {(const char *)data + 2 + len, rest - len};
  struct ms_http_parser whole, pieces;
  size_t whole_used, pieces_used;
  enum ms_http_parse first = feed(&whole, text, text.len + 1, &whole_used);
  enum ms_http_parse second = feed(&pieces, text, data[0] + 1u, &pieces_used);
  /* A line that can only be wrong may be refused before its end has come. */
  require(first == second || (first == MS_HTTP_REFUSED || second == MS_HTTP_REFUSED));
  require((first == MS_HTTP_DONE) == (second == MS_HTTP_DONE));
  if (first == MS_HTTP_REFUSED) {
    require(whole.status >= 400 && whole.status <= 505 && whole.reason != NULL);
  }
  if (first == MS_HTTP_DONE) {
    require(whole_used == pieces_used);
    require(ms_str_eq(whole.message.body, pieces.message.body));
    require(whole.message.header_count == pieces.message.header_count);
    check_message(&whole);
    check_signature(&whole.message);
    check_protocol(&whole.message, reply);
  }
  ms_http_parser_deinit(&whole);
  ms_http_parser_deinit(&pieces);
  return 0;
}
