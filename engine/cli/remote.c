/* See remote.h. A loop of its own runs for as long as one request takes. */
#include "cli/remote.h"

#include <stdlib.h>
#include <string.h>

#include "httpc/httpc.h"

#define CALL_TIMEOUT_MS 960000u /* a function may run for 15 minutes */

struct ms_remote {
  struct ms_loop *loop;
  struct ms_httpc *http;
  char url[1024];
  struct ms_text *reply; /* of the call that is under way */
  bool is_answered;
  int http_status;
  enum ms_httpc_failure failure;
  char failure_text[256];
};

static bool read_endpoint(struct ms_remote *remote, const char *endpoint)
{
  size_t len = strlen(endpoint);
  bool has_scheme =
      strncmp(endpoint, "http://", 7) == 0 || strncmp(endpoint, "https://", 8) == 0;
  while (len > 0 && endpoint[len - 1] == '/') {
    len--;
  }
  if ((!has_scheme && strstr(endpoint, "://") != NULL) || len == 0 ||
      len + 128 > sizeof remote->url) {
    ms_cli_error("the endpoint must be like http://127.0.0.1:4566, not \"%s\"", endpoint);
    return false;
  }
  snprintf(remote->url, sizeof remote->url, "%s%.*s", has_scheme ? "" : "http://", (int)len,
           endpoint);
  return true;
}

bool ms_remote_new(struct ms_remote **out, const char *endpoint)
{
  struct ms_remote *remote = ms_cli_resize(NULL, sizeof *remote);
  int code = remote == NULL ? MSTEP_ENOMEM : MSTEP_OK;
  *out = NULL;
  if (code == MSTEP_OK) {
    memset(remote, 0, sizeof *remote);
    code = ms_loop_libevent_new(&remote->loop, NULL);
  }
  if (code == MSTEP_OK) {
    const struct ms_httpc_options options = {.loop = remote->loop,
                                             .ca_file = getenv("AWS_CA_BUNDLE")};
    code = ms_httpc_new(&remote->http, &options);
  }
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not make an HTTP client");
  }
  if (code != MSTEP_OK || !read_endpoint(remote, endpoint)) {
    ms_remote_free(remote);
    return false;
  }
  *out = remote;
  return true;
}

void ms_remote_free(struct ms_remote *remote)
{
  if (remote != NULL) {
    ms_httpc_free(remote->http);
    ms_loop_free(remote->loop);
    ms_cli_resize(remote, 0);
  }
}

static void on_done(const struct ms_httpc_result *result, void *user)
{
  struct ms_remote *remote = user;
  remote->is_answered = true;
  remote->failure = result->failure;
  remote->http_status = result->status;
  snprintf(remote->failure_text, sizeof remote->failure_text, "%s", result->text);
  ms_text_add(remote->reply, result->body.data, result->body.len);
  ms_loop_stop(remote->loop);
}

static void on_timer(void *user)
{
  struct ms_remote *remote = user;
  ms_httpc_on_timer(remote->http);
}

static void on_nothing(void *user)
{
  (void)user;
}

static struct ms_str text_of(const char *name, const char *standard)
{
  const char *text = getenv(name);
  return ms_str_c(text == NULL || text[0] == '\0' ? standard : text);
}

/* request NULL: GET. */
static int send_request(struct ms_remote *remote, const char *path,
                        const struct ms_text *request)
{
  char url[sizeof remote->url + 128];
  const struct ms_field type = {MS_STR("Content-Type"), MS_STR("application/json")};
  const struct ms_httpc_sigv4 sigv4 = {
      .access_key_id = text_of("AWS_ACCESS_KEY_ID", ""),
      .secret = text_of("AWS_SECRET_ACCESS_KEY", ""),
      .session_token = text_of("AWS_SESSION_TOKEN", ""),
      .region = text_of("AWS_REGION", text_of("AWS_DEFAULT_REGION", "us-east-1").data),
      .service = MS_STR("mstep")};
  bool is_signed = sigv4.access_key_id.len > 0 && sigv4.secret.len > 0;
  mstep_str body = request == NULL ? (mstep_str){"", 0} : ms_text_str(request);
  snprintf(url, sizeof url, "%s%s", remote->url, path);
  const struct ms_httpc_request http = {.method = request == NULL ? MS_STR("GET") : MS_STR("POST"),
                                        .url = ms_str_c(url),
                                        .headers = &type,
                                        .header_count = request == NULL ? 0 : 1,
                                        .body = {body.data, body.len},
                                        .timeout_ms = CALL_TIMEOUT_MS,
                                        .max_response_bytes = MS_TEXT_MAX,
                                        .sigv4 = is_signed ? &sigv4 : NULL};
  return ms_httpc_send(NULL, remote->http, &http, on_done, remote);
}

/* What answered is an operation: a JSON object, on success or with a name of what is wrong. */
static int read_reply(struct ms_remote *remote)
{
  struct ms_text type = {0};
  mstep_str reply = ms_text_str(remote->reply);
  bool is_object = reply.len > 0 && reply.data[0] == '{';
  bool is_error = remote->http_status != 200;
  int code = MSTEP_OK;
  if (is_error) {
    is_object = is_object && ms_text_member(&type, reply, "__type");
    code = MSTEP_EINVALID;
  }
  if (!is_object) {
    snprintf(remote->failure_text, sizeof remote->failure_text,
             "HTTP status %d, not an answer of \"mstep serve\"", remote->http_status);
    remote->reply->len = 0;
    code = MSTEP_EIO;
  }
  ms_text_deinit(&type);
  return code;
}

static int exchange(struct ms_remote *remote, struct ms_text *reply, const char *path,
                    const struct ms_text *request)
{
  const struct ms_loop_callbacks callbacks = {on_timer, on_nothing, on_nothing, remote};
  ms_loop_set_callbacks(remote->loop, &callbacks);
  remote->reply = reply;
  remote->is_answered = false;
  remote->failure = MS_HTTPC_OK;
  snprintf(remote->failure_text, sizeof remote->failure_text, "no answer");
  int code = send_request(remote, path, request);
  while (code == MSTEP_OK && !remote->is_answered) {
    code = ms_loop_run(remote->loop);
  }
  if (code == MSTEP_OK && reply->is_failed) {
    code = MSTEP_ENOMEM;
  }
  if (code == MSTEP_OK && remote->failure != MS_HTTPC_OK) {
    code = MSTEP_EIO;
  }
  return code;
}

int ms_remote_call(struct ms_remote *remote, struct ms_text *reply, const char *operation,
                   const struct ms_text *request)
{
  char path[128];
  snprintf(path, sizeof path, "/mstep/%s", operation);
  int code = exchange(remote, reply, path, request);
  return code != MSTEP_OK ? code : read_reply(remote);
}

int ms_remote_get(struct ms_remote *remote, struct ms_text *reply, const char *path)
{
  int code = exchange(remote, reply, path, NULL);
  if (code == MSTEP_OK && remote->http_status != 200) {
    snprintf(remote->failure_text, sizeof remote->failure_text, "HTTP status %d",
             remote->http_status);
    code = MSTEP_EIO;
  }
  return code;
}

void ms_remote_say(const struct ms_remote *remote, int code)
{
  if (code == MSTEP_EINVALID && remote->http_status != 0) {
    ms_cli_error("%s refused the request: HTTP status %d", remote->url, remote->http_status);
  } else if (code != MSTEP_EIO) {
    ms_cli_error_code(code, "could not ask %s", remote->url);
  } else if (remote->failure == MS_HTTPC_CONNECT || remote->failure == MS_HTTPC_DNS) {
    ms_cli_error("nobody listens at %s (%s)", remote->url, remote->failure_text);
    ms_cli_hint("\"mstep serve\" is the server; its first line says where it listens.");
  } else {
    ms_cli_error("could not ask %s: %s", remote->url, remote->failure_text);
  }
}
