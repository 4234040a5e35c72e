/*
 * Checking signatures: those that botocore made hold; with anything changed they do not, and each wrong
 * thing has AWS's code.
 */
#include "mt.h"

#include <stdio.h>

#include "base/error.h"
#include "base/sigv4.h"
#include "http/sigv4.h"

#define NOW_MS 1440938160000 /* 2015-08-30T12:36:00Z */
#define DATE "20150830T123600Z"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define CREDENTIAL "Credential=AKIDEXAMPLE/20150830/us-east-1/states/aws4_request"
#define SIGNED "SignedHeaders=content-type;host;x-amz-date;x-amz-target"
#define SIGNATURE "Signature=b765cdda99fbae135be09fd334a79b953cd5d4766fb901cf29b3b6656f05619d"

struct request {
  struct ms_field headers[8];
  struct ms_http_message message;
  struct ms_http_sigv4 check;
};

enum { TYPE, TARGET, HOST, DATED, AUTHORIZATION, EXTRA };

static int lookup(struct ms_str *secret, struct ms_str access_key_id, void *user)
{
  (void)user;
  *secret = MS_STR(SECRET);
  return ms_str_is(access_key_id, "AKIDEXAMPLE") ? MSTEP_OK : MSTEP_ENOTFOUND;
}

/* As botocore signed it. */
static void make(struct request *r)
{
  *r = (struct request){
      .headers = {{MS_STR("Content-Type"), MS_STR("application/x-amz-json-1.0")},
                  {MS_STR("X-Amz-Target"), MS_STR("AWSStepFunctions.StartExecution")},
                  {MS_STR("Host"), MS_STR("localhost:8083")},
                  {MS_STR("X-Amz-Date"), MS_STR(DATE)},
                  {MS_STR("Authorization"),
                   MS_STR("AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE)},
                  {MS_STR("Amz-Sdk-Request"), MS_STR("attempt=1")}},
      .message = {.method = MS_STR("POST"),
                  .path = MS_STR("/"),
                  .header_count = 6,
                  .body = MS_STR("{\"input\":\"{}\"}")},
      .check = {.lookup = lookup, .now_ms = NOW_MS, .skew_ms = 300000, .service = "states"}};
  r->message.headers = r->headers;
}

static void set(struct request *r, int header, const char *value)
{
  r->headers[header].value = ms_str_c(value);
}

static void check_at(const char *file, int line, struct request *r, enum ms_http_auth auth,
                     const char *text)
{
  struct ms_http_identity identity;
  mt_eq_int(ms_http_sigv4_check(&identity, &r->message, &r->check), 0);
  if (identity.auth != auth || (text != NULL && strstr(identity.text, text) == NULL)) {
    mt_fail_at(file, line, "got %d: %s", (int)identity.auth, identity.text);
  }
  mt_ok(strstr(identity.text, "wJalr") == NULL);
  mt_ok((auth == MS_HTTP_AUTH_OK) == (identity.text[0] == '\0'));
}

#define CHECK(r, auth, text) check_at(__FILE__, __LINE__, (r), MS_HTTP_AUTH_##auth, (text))

MT_TEST(http_sigv4__holds)
{
  struct request r;
  make(&r);
  struct ms_http_identity identity;
  mt_eq_int(ms_http_sigv4_check(&identity, &r.message, &r.check), 0);
  mt_eq_int(identity.auth, MS_HTTP_AUTH_OK);
  mt_eq_mem(identity.access_key_id.data, identity.access_key_id.len, "AKIDEXAMPLE");
  mt_eq_mem(identity.region.data, identity.region.len, "us-east-1");
  mt_eq_mem(identity.service.data, identity.service.len, "states");
  /* blanks around the commas do not matter, nor does the order */
  set(&r, AUTHORIZATION, "AWS4-HMAC-SHA256 " SIGNATURE "," CREDENTIAL " ,\t" SIGNED);
  CHECK(&r, OK, NULL);
  r.check.service = NULL;
  r.check.region = "us-east-1";
  CHECK(&r, OK, NULL);
}

MT_TEST(http_sigv4__nothing_can_be_changed)
{
  struct request r;
  make(&r);
  r.message.method = MS_STR("PUT");
  CHECK(&r, MISMATCH, "does not match the signature you provided");
  make(&r);
  r.message.path = MS_STR("//");
  CHECK(&r, MISMATCH, NULL);
  make(&r);
  r.message.query = MS_STR("a=1");
  CHECK(&r, MISMATCH, NULL);
  make(&r);
  r.message.body = MS_STR("{\"input\":\"{ }\"}");
  CHECK(&r, MISMATCH, NULL);
  for (int i = TYPE; i <= HOST; i++) {
    make(&r);
    set(&r, i, "x");
    CHECK(&r, MISMATCH, NULL);
  }
  make(&r);
  set(&r, DATED, "20150830T123601Z");
  CHECK(&r, MISMATCH, NULL);
  make(&r);
  set(&r, AUTHORIZATION,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-2/states/aws4_request, " SIGNED
      ", " SIGNATURE);
  CHECK(&r, MISMATCH, NULL);
  make(&r);
  set(&r, AUTHORIZATION, "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", Signature=b765");
  CHECK(&r, MISMATCH, NULL);
}

MT_TEST(http_sigv4__what_decides_must_be_signed)
{
  struct request r;
  make(&r);
  r.headers[EXTRA] = (struct ms_field){MS_STR("X-AMZ-Invocation-Type"), MS_STR("Event")};
  CHECK(&r, WRONG, "'X-AMZ-Invocation-Type' must be a 'SignedHeader'");
  make(&r);
  set(&r, AUTHORIZATION,
      "AWS4-HMAC-SHA256 " CREDENTIAL
      ", SignedHeaders=content-type;x-amz-date;x-amz-target, " SIGNATURE);
  CHECK(&r, WRONG, "'Host'");
  make(&r); /* a second one joins the first */
  r.headers[EXTRA] = (struct ms_field){MS_STR("x-amz-target"), MS_STR("AWSStepFunctions.X")};
  CHECK(&r, MISMATCH, NULL);
}

MT_TEST(http_sigv4__missing_and_incomplete)
{
  static const char *const rows[] = {
      "",
      "Basic YTpi",
      "Bearer x",
      "AWS4-HMAC-SHA256",
      "AWS4-HMAC-SHA512 " CREDENTIAL ", " SIGNED ", " SIGNATURE,
      "AWS4-HMAC-SHA256 " SIGNED ", " SIGNATURE,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNATURE,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE ", " SIGNATURE,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE ", x=y",
      "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", Signature=",
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/states, " SIGNED ", " SIGNATURE,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/states/aws4_request/x, " SIGNED
      ", " SIGNATURE,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830//states/aws4_request, " SIGNED
      ", " SIGNATURE,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host;content-type, " SIGNATURE,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host;host, " SIGNATURE,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=Host, " SIGNATURE,
      "AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host;, " SIGNATURE,
  };
  struct request r;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    make(&r);
    set(&r, AUTHORIZATION, rows[i]);
    struct ms_http_identity identity;
    mt_eq_int(ms_http_sigv4_check(&identity, &r.message, &r.check), 0);
    if (identity.auth != MS_HTTP_AUTH_INCOMPLETE || identity.text[0] == '\0') {
      mt_report("%s: %d %s", rows[i], (int)identity.auth, identity.text);
    }
  }
  make(&r);
  r.headers[AUTHORIZATION].name = MS_STR("Other");
  CHECK(&r, MISSING, "Request is missing Authentication Token");
  make(&r);
  r.headers[EXTRA] = r.headers[AUTHORIZATION];
  CHECK(&r, INCOMPLETE, "Only one");
  make(&r);
  r.message.query = MS_STR("X-Amz-Signature=a");
  CHECK(&r, INCOMPLETE, "Only one");
  make(&r);
  set(&r, DATED, "Sun, 30 Aug 2015 12:36:00 GMT");
  CHECK(&r, INCOMPLETE, "X-Amz-Date");
}

MT_TEST(http_sigv4__keys_and_scopes)
{
  struct request r;
  make(&r);
  set(&r, AUTHORIZATION,
      "AWS4-HMAC-SHA256 Credential=OTHER/20150830/us-east-1/states/aws4_request, " SIGNED
      ", " SIGNATURE);
  CHECK(&r, UNKNOWN_KEY, "The security token included in the request is invalid.");
  make(&r);
  r.check.service = "sqs";
  CHECK(&r, WRONG, "Credential should be scoped to correct service: 'sqs'.");
  make(&r);
  r.check.region = "eu-west-1";
  CHECK(&r, WRONG, "Credential should be scoped to a valid region, not 'us-east-1'.");
  make(&r);
  set(&r, AUTHORIZATION,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150829/us-east-1/states/aws4_request, " SIGNED
      ", " SIGNATURE);
  CHECK(&r, WRONG, "'20150829' != '20150830', from '20150830T123600Z'.");
}

MT_TEST(http_sigv4__clocks)
{
  struct request r;
  make(&r);
  r.check.now_ms = NOW_MS + 300000;
  CHECK(&r, OK, NULL);
  r.check.now_ms = NOW_MS - 300000;
  CHECK(&r, OK, NULL);
  r.check.now_ms = NOW_MS + 300001;
  CHECK(&r, WRONG,
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123600Z "
        "(20150830T124100Z - 5 min.)");
  r.check.now_ms = NOW_MS - 301000;
  CHECK(&r, WRONG,
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
        "(20150830T123059Z + 5 min.)");
}

/* The signature covers the header, so each is signed here by the arithmetic that has its own tests. */
static void sign_payload(struct request *r, const char *hash, char *authorization, size_t size)
{
  static const char names[] = "host;x-amz-content-sha256;x-amz-date;x-amz-target";
  r->headers[EXTRA] = (struct ms_field){MS_STR("X-Amz-Content-Sha256"), ms_str_c(hash)};
  const struct ms_sigv4_request request = {
      r->message.method, r->message.path, r->message.query, r->headers, 6, ms_str_c(hash)};
  const struct ms_sigv4_scope scope = {MS_STR(DATE), MS_STR("us-east-1"), MS_STR("states")};
  struct ms_buf canonical;
  char signature[MS_SIGV4_SIGNATURE_SIZE];
  ms_buf_init(&canonical, 0);
  ms_sigv4_canonical(&canonical, &request, MS_STR(names));
  mt_eq_int(ms_sigv4_signature(signature, MS_STR(SECRET), &scope, ms_buf_view(&canonical)), 0);
  ms_buf_deinit(&canonical);
  snprintf(authorization, size, "AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=%s, Signature=%s",
           names, signature);
  set(r, AUTHORIZATION, authorization);
}

MT_TEST(http_sigv4__payloads)
{
  struct request r;
  char authorization[400];
  make(&r);
  sign_payload(&r, "2c5ef46d4133c8ad58b6eddfbecf533712313b664c3fc81d0c0f5eed1d479dae",
               authorization, sizeof authorization);
  CHECK(&r, OK, NULL);
  r.message.body = MS_STR("other");
  CHECK(&r, WRONG, "x-amz-content-sha256");
  make(&r);
  sign_payload(&r, "UNSIGNED-PAYLOAD", authorization, sizeof authorization);
  CHECK(&r, WRONG, "unsigned payload");
  r.check.is_unsigned_payload_allowed = true;
  CHECK(&r, OK, NULL);
  make(&r);
  sign_payload(&r, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", authorization, sizeof authorization);
  CHECK(&r, WRONG, "chunks");
}

#define PRESIGNED                                                                                  \
  "Action=ReceiveMessage&b=~&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F"     \
  "20150830%2Feu-central-1%2Fsqs%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&"     \
  "X-Amz-SignedHeaders=host&"
#define PRESIGNATURE                                                                               \
  "X-Amz-Signature=0397e8920febe3754745719d5b726c7a6af49b56774e8695d95940abb7c19bc6"

static void make_presigned(struct request *r)
{
  make(r);
  r->headers[0] = (struct ms_field){MS_STR("host"), MS_STR("127.0.0.1:8083")};
  r->message.header_count = 1;
  r->message.method = MS_STR("GET");
  r->message.path = MS_STR("/queue/name%20x");
  r->message.query = MS_STR(PRESIGNED PRESIGNATURE);
  r->message.body = MS_STR("");
  r->check.service = "sqs";
}

MT_TEST(http_sigv4__presigned)
{
  struct request r;
  make_presigned(&r);
  CHECK(&r, OK, NULL);
  r.check.now_ms = NOW_MS + 60000;
  CHECK(&r, OK, NULL);
  r.check.now_ms = NOW_MS + 60001;
  CHECK(&r, EXPIRED, "Request has expired.");
  r.check.now_ms = NOW_MS - 300001;
  CHECK(&r, WRONG, "not yet current");
  make_presigned(&r);
  r.message.query = MS_STR("c=1&" PRESIGNED PRESIGNATURE);
  CHECK(&r, MISMATCH, NULL);
  r.message.query = MS_STR(PRESIGNED PRESIGNATURE "&X-Amz-Expires=600");
  CHECK(&r, INCOMPLETE, NULL);
  r.message.query = MS_STR(PRESIGNATURE);
  CHECK(&r, INCOMPLETE, NULL);
  r.message.query = MS_STR(
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2"
      "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&" PRESIGNATURE);
  CHECK(&r, INCOMPLETE, NULL);
}

MT_TEST(http_sigv4__replays)
{
  struct request r;
  struct ms_http_replays *replays;
  make(&r);
  mt_eq_int(ms_http_replays_new(&replays, 64, 2000), 0);
  r.check.replays = replays;
  CHECK(&r, OK, NULL);
  r.check.now_ms += 2000; /* another call of the same second */
  CHECK(&r, OK, NULL);
  r.check.now_ms += 1;
  CHECK(&r, REPLAYED, "used before");
  /* what does not hold is not remembered */
  struct request wrong;
  make(&wrong);
  wrong.check.replays = replays;
  wrong.message.body = MS_STR("x");
  CHECK(&wrong, MISMATCH, NULL);
  ms_http_replays_free(replays);
}

MT_TEST(http_sigv4__remembers_within_bounds)
{
  struct ms_http_replays *replays;
  mt_eq_int(ms_http_replays_new(&replays, 8, -1), 0); /* one set; not even the same moment */
  for (int i = 0; i < 8; i++) {
    const char *signature = mt_format("%064x", i + 1);
    struct ms_str s = ms_str_c(mt_format("%02x%.62s", i, signature));
    mt_ok(!ms_http_replays_note(replays, s, 100, 1000 + i));
    mt_ok(ms_http_replays_note(replays, s, 100, 1000 + i));
  }
  /* the oldest gives way */
  mt_ok(!ms_http_replays_note(replays, ms_str_c(mt_format("ff%062d", 0)), 100, 2000));
  mt_ok(
      ms_http_replays_note(replays, ms_str_c(mt_format("07%.62s", mt_format("%064x", 8))), 100, 1));
  mt_ok(!ms_http_replays_note(replays, ms_str_c(mt_format("00%.62s", mt_format("%064x", 1))), 100,
                              1));
  ms_http_replays_free(replays);
}

static int check_both(void *user)
{
  (void)user;
  struct request r;
  struct ms_http_identity identity;
  make(&r);
  int err = ms_http_sigv4_check(&identity, &r.message, &r.check);
  if (err == 0) {
    make_presigned(&r);
    err = ms_http_sigv4_check(&identity, &r.message, &r.check);
    /* A parameter that could not be decoded for want of memory is refused, which is safe. */
    if (err == 0 && identity.auth == MS_HTTP_AUTH_INCOMPLETE) {
      err = MSTEP_ENOMEM;
    }
  }
  return err == 0 && identity.auth != MS_HTTP_AUTH_OK ? MSTEP_EINTERNAL : err;
}

MT_TEST(http_sigv4__out_of_memory)
{
  mt_ok(mt_oom(check_both, NULL) > 4);
}
