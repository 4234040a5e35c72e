/*
 * Signatures against those that another implementation (botocore) made of the same requests with the
 * same clock; the first is the example of AWS's documentation.
 */
#include "mt.h"

#include "base/error.h"
#include "base/sigv4.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define DATE "20150830T123600Z"
#define FIELD(name, value)                                                                         \
  {                                                                                                \
    {name, sizeof(name) - 1},                                                                      \
    {                                                                                              \
      value, sizeof(value) - 1                                                                     \
    }                                                                                              \
  }

struct vector {
  const char *method, *path, *query;
  struct ms_field headers[6];
  struct ms_str payload;
  const char *signed_headers;
  const char *region, *service;
  const char *canonical;
  const char *signature;
};

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct vector vectors[] = {
    {"GET",
     "/",
     "Action=ListUsers&Version=2010-05-08",
     {FIELD("Host", "iam.amazonaws.com"),
      FIELD("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
      FIELD("X-Amz-Date", DATE)},
     {"", 0},
     "content-type;host;x-amz-date",
     "us-east-1",
     "iam",
     "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
     "content-type:application/x-www-form-urlencoded; charset=utf-8\nhost:iam.amazonaws.com\n"
     "x-amz-date:" DATE "\n\ncontent-type;host;x-amz-date\n" EMPTY_HASH,
     "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"},
    {"POST",
     "/",
     "",
     {FIELD("content-type", "application/x-amz-json-1.0"),
      FIELD("x-amz-target", "AWSStepFunctions.StartExecution"), FIELD("host", "localhost:8083"),
      FIELD("x-amz-date", DATE)},
     {"{\"input\":\"{}\"}", 14},
     "content-type;host;x-amz-date;x-amz-target",
     "us-east-1",
     "states",
     "POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:localhost:8083\nx-amz-date:" DATE
     "\nx-amz-target:AWSStepFunctions.StartExecution\n\ncontent-type;host;x-amz-date;x-amz-target\n"
     "2c5ef46d4133c8ad58b6eddfbecf533712313b664c3fc81d0c0f5eed1d479dae",
     "b765cdda99fbae135be09fd334a79b953cd5d4766fb901cf29b3b6656f05619d"},
    /* an encoded path is encoded again; the query is sorted; blanks are squeezed; bytes are bytes */
    {"POST",
     "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/"
     "invocations",
     "Qualifier=%24LATEST&a=&Z=1",
     {FIELD("X-Amz-Invocation-Type", "Event"), FIELD("X-Spaced", "  a   b  "),
      FIELD("Host", "localhost:8083"), FIELD("X-Amz-Date", DATE),
      FIELD("X-Amz-Security-Token", "TOKEN/+=")},
     {"\x00\xff", 2},
     "host;x-amz-date;x-amz-invocation-type;x-amz-security-token;x-spaced",
     "us-east-1",
     "lambda",
     "POST\n/2015-03-31/functions/"
     "arn%253Aaws%253Alambda%253Aus-east-1%253A000000000000%253Afunction%253Af/invocations\n"
     "Qualifier=%24LATEST&Z=1&a=\nhost:localhost:8083\nx-amz-date:" DATE
     "\nx-amz-invocation-type:Event\nx-amz-security-token:TOKEN/+=\nx-spaced:a b\n\n"
     "host;x-amz-date;x-amz-invocation-type;x-amz-security-token;x-spaced\n"
     "06eb7d6a69ee19e5fbdf749018d3d2abfa04bcbd1365db312eb86dc7169389b8",
     "aec935c228f695fe336a0641bd47ab9df6305c15db67b4024338769a938c6da7"},
    /* signed in the query: the signature itself is left out, the escape of '~' is undone */
    {"GET",
     "/queue/name%20x",
     "Action=ReceiveMessage&b=%7e&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F"
     "20150830%2Feu-central-1%2Fsqs%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&"
     "X-Amz-SignedHeaders=host&X-Amz-Signature=00",
     {FIELD("Host", "127.0.0.1:8083")},
     {"", 0},
     "host",
     "eu-central-1",
     "sqs",
     "GET\n/queue/name%2520x\n"
     "Action=ReceiveMessage&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%"
     "2F20150830"
     "%2Feu-central-1%2Fsqs%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&"
     "X-Amz-SignedHeaders=host&b=~\nhost:127.0.0.1:8083\n\nhost\n" EMPTY_HASH,
     "0397e8920febe3754745719d5b726c7a6af49b56774e8695d95940abb7c19bc6"},
};

static int sign(const struct vector *v, struct ms_buf *canonical,
                char signature[MS_SIGV4_SIGNATURE_SIZE])
{
  char hash[MS_SIGV4_SIGNATURE_SIZE];
  int err = ms_sigv4_payload_hash(hash, v->payload);
  if (err != 0) {
    return err;
  }
  const struct ms_sigv4_request request = {
      ms_str_c(v->method), ms_str_c(v->path), ms_str_c(v->query), v->headers, 6, ms_str_c(hash)};
  ms_sigv4_canonical(canonical, &request, ms_str_c(v->signed_headers));
  if (canonical->error != 0) {
    return canonical->error;
  }
  const struct ms_sigv4_scope scope = {MS_STR(DATE), ms_str_c(v->region), ms_str_c(v->service)};
  return ms_sigv4_signature(signature, MS_STR(SECRET), &scope, ms_buf_view(canonical));
}

MT_TEST(base_sigv4__known_answers)
{
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    struct ms_buf canonical;
    char signature[MS_SIGV4_SIGNATURE_SIZE];
    ms_buf_init(&canonical, 0);
    mt_eq_int(sign(&vectors[i], &canonical, signature), 0);
    mt_eq_mem(canonical.data, canonical.len, vectors[i].canonical);
    mt_eq_str(signature, vectors[i].signature);
    ms_buf_deinit(&canonical);
  }
}

static void check_query(const char *query, const char *expected)
{
  const struct ms_sigv4_request request = {MS_STR("GET"), MS_STR(""), ms_str_c(query),
                                           NULL,          0,          MS_STR("h")};
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_sigv4_canonical(&out, &request, MS_STR(""));
  mt_eq_int(out.error, 0);
  mt_eq_str(out.data, mt_format("GET\n/\n%s\n\n\nh", expected));
  ms_buf_deinit(&out);
}

MT_TEST(base_sigv4__queries)
{
  check_query("", "");
  check_query("b&a", "a=&b=");
  check_query("a=2&a=1&a=10", "a=1&a=10&a=2");
  check_query("&&a=1&", "a=1");
  check_query("a=b=c", "a=b%3Dc");
  check_query("a=%2f%zz%4", "a=%2F%25zz%254");
  check_query("X-Amz-Signature=1&X-Amz-Signature2=1", "X-Amz-Signature2=1");
}

MT_TEST(base_sigv4__too_many_parameters)
{
  char query[2 * MS_SIGV4_QUERY_MAX + 1];
  memset(query, '&', sizeof query);
  const struct ms_sigv4_request request = {MS_STR("GET"), MS_STR("/"), {query, sizeof query},
                                           NULL,          0,           MS_STR("h")};
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_sigv4_canonical(&out, &request, MS_STR(""));
  mt_eq_int(out.error, MSTEP_ETOOBIG);
  ms_buf_deinit(&out);
}

MT_TEST(base_sigv4__dates)
{
  char date[MS_SIGV4_DATE_SIZE];
  mt_ok(ms_sigv4_date(date, 1440938160000));
  mt_eq_str(date, "20150830T123600Z");
  mt_ok(ms_sigv4_date(date, -1));
  mt_eq_str(date, "19691231T235959Z");
  mt_ok(!ms_sigv4_date(date, INT64_MAX));
  mt_eq_str(date, "");
}

static int sign_all(void *user)
{
  (void)user;
  int err = 0;
  for (size_t i = 0; err == 0 && i < sizeof vectors / sizeof vectors[0]; i++) {
    struct ms_buf canonical;
    char signature[MS_SIGV4_SIGNATURE_SIZE];
    ms_buf_init(&canonical, 0);
    err = sign(&vectors[i], &canonical, signature);
    ms_buf_deinit(&canonical);
  }
  return err;
}

MT_TEST(base_sigv4__out_of_memory)
{
  mt_ok(mt_oom(sign_all, NULL) > 0);
}
