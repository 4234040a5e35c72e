/*
 * Function URLs and routes through mstep_call: a request as the server hands it over, the event that the function gets
 * (it returns it), and the answer. Virtual time.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "calls.h"
#include "mt.h"
#include "json/json.h"

static char store_url[512];

/* echo: its event as a body; plain: as its result; say: what the body says, as Lua. */
static void open(struct host *host)
{
  host_open(host, NULL);
  call_has(
      host, "CreateFunction",
      "{\"FunctionName\":\"echo\",\"Code\":{\"Source\":\"return function(e) return {statusCode=200,"
      "headers={['Content-Type']='application/json'},"
      "body=require('mstep').json.encode(e)} end\"}}",
      "FunctionArn");
  call_has(host, "CreateFunction",
           "{\"FunctionName\":\"say\",\"Code\":{\"Source\":\"return function(e) "
           "return load('return ' .. e.body)() end\"}}",
           "FunctionArn");
  call_has(host, "CreateFunction",
           "{\"FunctionName\":\"plain\",\"Code\":{\"Source\":\"return function(e) return e end\"}}",
           "FunctionArn");
  call_has(host, "CreateFunction",
           "{\"FunctionName\":\"slow\",\"Timeout\":60,\"Code\":{\"Source\":\"return function(e) "
           "require('mstep').sleep(40) return 'late' end\"}}",
           "FunctionArn");
  call_has(host, "CreateFunction",
           "{\"FunctionName\":\"bad\",\"Code\":{\"Source\":\"return function() error('no') end\"}}",
           "FunctionArn");
}

/* The id of a new URL of that function. */
static const char *make_url(struct host *host, const char *function, const char *more)
{
  const char *text = call(host, "CreateFunctionUrlConfig",
                          mt_format("{\"FunctionName\":\"%s\"%s}", function, more));
  const char *url = strstr(text, "https://");
  if (url == NULL || strstr(url, ".lambda-url.us-east-1.on.aws/") == NULL) {
    mt_fail("no URL: %s", text);
  }
  return mt_format("%.32s", url + 8);
}

static const char *request(struct host *host, const char *method, const char *host_name,
                           const char *path, const char *more)
{
  return call(host, "http:Request",
              mt_format("{\"method\":\"%s\",\"rawPath\":\"%s\",\"host\":\"%s\",\"sourceIp\":"
                        "\"1.2.3.4\",\"protocol\":\"HTTP/1.1\",\"requestId\":"
                        "\"c6af9ac6-7b61-11e6-9a41-93e8deadbeef\"%s}",
                        method, path, host_name, more));
}

static void check(const char *text, const char *const *parts)
{
  for (; *parts != NULL; parts++) {
    bool is_not = (*parts)[0] == '!';
    if ((strstr(text, *parts + is_not) == NULL) != is_not) {
      mt_fail("%s in %s", *parts, text);
    }
  }
}

#define CHECK(text, ...) check(text, (const char *const[]){__VA_ARGS__, NULL})

/* An answer's body as JSON; the caller's. */
static struct ms_json body_of(const char *text)
{
  struct ms_json answer, body;
  mt_eq_int(ms_json_parse(&answer, ms_str_c(text), NULL, NULL), 0);
  mt_eq_int(ms_json_parse(&body, ms_json_text(ms_json_getc(answer, "body")), NULL, NULL), 0);
  ms_json_unref(answer);
  return body;
}

static void check_event(const char *text, const char *expected)
{
  struct ms_json event = body_of(text);
  mt_like_json(event, expected);
  ms_json_unref(event);
}

#define HEADERS                                                                                    \
  ",\"headers\":{\"host\":\"h\",\"user-agent\":\"curl/1\",\"x-two\":\"a,b\",\"content-type\":"     \
  "\"text/plain\"},\"cookies\":[\"c=1\",\"d=2\"],\"rawQueryString\":\"a=1&a=2&b=%20x+y&c\","       \
  "\"fields\":[[\"Host\",\"h\"],[\"User-Agent\",\"curl/1\"],[\"X-Two\",\"a\"],[\"x-two\",\"b\"],"  \
  "[\"Content-Type\",\"text/plain\"]],\"body\":\"text\""

/* ---- function URLs ---- */

MT_TEST(web_calls__payload_2_of_a_url)
{
  struct host host;
  open(&host);
  const char *id = make_url(&host, "plain", ",\"AuthType\":\"NONE\"");
  const char *text = request(&host, "POST", mt_format("%s.lambda-url.us-east-1.localhost:4566", id),
                             "/pa2%Fth/1", HEADERS);
  check_event(
      text,
      mt_format(
          "{\"version\":\"2.0\",\"routeKey\":\"$default\",\"rawPath\":\"/pa2%%Fth/1\","
          "\"rawQueryString\":\"a=1&a=2&b=%%20x+y&c\",\"cookies\":[\"c=1\",\"d=2\"],\"headers\":{"
          "\"host\":\"h\",\"user-agent\":\"curl/1\",\"x-two\":\"a,b\",\"content-type\":\"text/plain\","
          "\"x-forwarded-for\":\"1.2.3.4\",\"x-forwarded-port\":\"4566\",\"x-forwarded-proto\":\"http\","
          "\"x-amzn-trace-id\":\"Root=1-65920080-c6af9ac67b6111e69a4193e8\"},"
          "\"queryStringParameters\":{\"a\":\"1,2\",\"b\":\" x y\",\"c\":\"\"},\"requestContext\":{"
          "\"accountId\":\"anonymous\",\"apiId\":\"%s\",\"domainName\":\"%s.lambda-url.us-east-1."
          "localhost\",\"domainPrefix\":\"%s\",\"http\":{\"method\":\"POST\",\"path\":\"/pa2%%Fth/1\","
          "\"protocol\":\"HTTP/1.1\",\"sourceIp\":\"1.2.3.4\",\"userAgent\":\"curl/1\"},\"requestId\":"
          "\"c6af9ac6-7b61-11e6-9a41-93e8deadbeef\",\"routeKey\":\"$default\",\"stage\":\"$default\","
          "\"time\":\"01/Jan/2024:00:00:00 +0000\",\"timeEpoch\":1704067200000},\"body\":\"text\","
          "\"isBase64Encoded\":false}",
          id, id, id));
  CHECK(text, "\"statusCode\":200", "\"Content-Type\":\"application/json\"");
  /* Nothing that is not there; and the path form of the address. */
  text = request(&host, "GET", "localhost:4566", mt_format("/_aws/lambda-url/%s", id), "");
  CHECK(text, "\\\"rawPath\\\":\\\"/\\\"", "!cookies", "!queryStringParameters", "!\\\"body\\\"",
        "!pathParameters");
  /* What is not known as text is base64. */
  text = request(&host, "POST", "localhost", mt_format("/_aws/lambda-url/%s/x", id),
                 ",\"headers\":{\"content-type\":\"application/x-www-form-urlencoded\"},"
                 "\"body\":\"a=1\"");
  CHECK(text, "\\\"body\\\":\\\"YT0x\\\"", "\\\"isBase64Encoded\\\":true");
  text = request(&host, "POST", "localhost", mt_format("/_aws/lambda-url/%s/x", id),
                 ",\"headers\":{\"content-type\":\"application/vnd.x+json; charset=utf-8\"},"
                 "\"body\":\"W10=\",\"isBase64Encoded\":true");
  CHECK(text, "\\\"body\\\":\\\"[]\\\"", "\\\"isBase64Encoded\\\":false");
  host_close(&host);
}

MT_TEST(web_calls__answers_of_urls)
{
  static const struct {
    const char *returns;
    const char *answer;
  } rows[] = {
      {"'hello'", "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/json\"},"
                  "\"body\":\"hello\",\"isBase64Encoded\":false}"},
      {"5", "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/json\"},"
            "\"body\":\"5\",\"isBase64Encoded\":false}"},
      {"{a = true}", "{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/json\"},"
                     "\"body\":\"{\\\"a\\\":true}\",\"isBase64Encoded\":false}"},
      {"{statusCode = 201, headers = {x = 'y', n = 1}, body = 'aGk=', isBase64Encoded = true, "
       "cookies = {'a=1', 'b=2'}}",
       "{\"statusCode\":201,\"headers\":{\"n\":1,\"x\":\"y\",\"Content-Type\":\"application/json\"},"
       "\"body\":\"aGk=\",\"isBase64Encoded\":true,\"cookies\":[\"a=1\",\"b=2\"]}"},
      {"{statusCode = 204}", "{\"statusCode\":204,\"headers\":{\"Content-Type\":\"application/json\"},"
                             "\"body\":\"\",\"isBase64Encoded\":false}"},
      {"{statusCode = 200, headers = {['content-type'] = 'text/html'}, body = {1}}",
       "{\"statusCode\":200,\"headers\":{\"content-type\":\"text/html\"},\"body\":\"[1]\","
       "\"isBase64Encoded\":false}"},
      {"{statusCode = 'x'}", "{\"statusCode\":502,\"headers\":{\"Content-Type\":\"application/json\"},"
                             "\"body\":\"Internal Server Error\",\"isBase64Encoded\":false}"},
      {"{statusCode = 99}", "{\"statusCode\":502,\"headers\":{\"Content-Type\":\"application/json\"},"
                            "\"body\":\"Internal Server Error\",\"isBase64Encoded\":false}"},
      {"error('x')", "{\"statusCode\":502,\"headers\":{\"Content-Type\":\"application/json\"},"
                     "\"body\":\"Internal Server Error\",\"isBase64Encoded\":false}"},
  };
  struct host host;
  open(&host);
  const char *id = make_url(&host, "say", ",\"AuthType\":\"NONE\"");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *text = request(&host, "POST", "localhost", mt_format("/_aws/lambda-url/%s/", id),
                               mt_format(",\"body\":\"%s\"", rows[i].returns));
    struct ms_json answer;
    mt_eq_int(ms_json_parse(&answer, ms_str_c(text), NULL, NULL), 0);
    mt_like_json(answer, rows[i].answer);
    ms_json_unref(answer);
  }
  host_close(&host);
}

MT_TEST(web_calls__configurations_of_urls)
{
  struct host host;
  open(&host);
  call_has(&host, "CreateFunctionUrlConfig", "{\"FunctionName\":\"none\",\"AuthType\":\"NONE\"}",
           "\"__type\":\"ResourceNotFoundException\",\"message\":\"Function does not exist\"");
  call_has(&host, "CreateFunctionUrlConfig", "{\"FunctionName\":\"say\",\"AuthType\":\"SOME\"}",
           "Value 'SOME' at 'authType' failed to satisfy constraint: Member must satisfy enum "
           "value set: ");
  call_has(&host, "CreateFunctionUrlConfig",
           "{\"FunctionName\":\"say\",\"AuthType\":\"NONE\",\"Qualifier\":\"1\"}",
           "Value '1' at 'qualifier' failed to satisfy constraint: Member must satisfy regular "
           "expression "
           "pattern: ((?!^\\\\d+$)^[0-9a-zA-Z-_]+$)");
  call_has(&host, "GetFunctionUrlConfig", "{\"FunctionName\":\"say\"}",
           "\"message\":\"The resource you requested does not exist.\"");
  const char *id = make_url(&host, "say",
                            ",\"AuthType\":\"NONE\",\"Cors\":{\"AllowOrigins\":[\"*\"],\"MaxAge\":5}");
  CHECK(call_has(&host, "GetFunctionUrlConfig", "{\"FunctionName\":\"say\"}", id),
        "\"FunctionArn\":\"arn:aws:lambda:us-east-1:000000000000:function:say\"",
        "\"AuthType\":\"NONE\"", "\"Cors\":{\"AllowOrigins\":[\"*\"],\"MaxAge\":5}",
        "\"CreationTime\":\"2024-01-01T00:00:00.000Z\"",
        "\"LastModifiedTime\":\"2024-01-01T00:00:00.000Z\"", "\"InvokeMode\":\"BUFFERED\"");
  call_has(&host, "CreateFunctionUrlConfig", "{\"FunctionName\":\"say\",\"AuthType\":\"NONE\"}",
           "\"__type\":\"ResourceConflictException\",\"message\":\"Failed to create function url "
           "config for "
           "[functionArn = arn:aws:lambda:us-east-1:000000000000:function:say]. Error message:  "
           "FunctionUrlConfig exists for this Lambda function\"");
  CHECK(call_has(&host, "UpdateFunctionUrlConfig",
                 "{\"FunctionName\":\"say\",\"AuthType\":\"AWS_IAM\"}", id),
        "\"AuthType\":\"AWS_IAM\"", "\"AllowOrigins\"");
  call(&host, "PublishVersion", "{\"FunctionName\":\"say\"}");
  call(&host, "CreateAlias",
       "{\"FunctionName\":\"say\",\"Name\":\"live\",\"FunctionVersion\":\"1\"}");
  CHECK(call_has(&host, "CreateFunctionUrlConfig",
                 "{\"FunctionName\":\"say\",\"Qualifier\":\"live\",\"AuthType\":\"NONE\"}",
                 "function:say:live\""),
        "!LastModifiedTime");
  CHECK(call_has(&host, "ListFunctionUrlConfigs", "{\"FunctionName\":\"say\",\"MaxItems\":1}", id),
        "\"NextMarker\":\"1\"", "!live");
  CHECK(call_has(&host, "ListFunctionUrlConfigs", "{\"FunctionName\":\"say\",\"Marker\":\"1\"}",
                 "live"),
        "!NextMarker");
  call(&host, "DeleteAlias", "{\"FunctionName\":\"say\",\"Name\":\"live\"}");
  CHECK(call(&host, "ListFunctionUrlConfigs", "{\"FunctionName\":\"say\"}"), "!live");
  mt_eq_str(call(&host, "DeleteFunctionUrlConfig", "{\"FunctionName\":\"say\"}"), "{}");
  call_has(&host, "DeleteFunctionUrlConfig", "{\"FunctionName\":\"say\"}",
           "ResourceNotFoundException");
  CHECK(request(&host, "GET", "localhost", mt_format("/_aws/lambda-url/%s/", id), ""),
        "\"statusCode\":403", "{\\\"Message\\\":null}");
  host_close(&host);
}

MT_TEST(web_calls__signed_urls_and_cors)
{
  struct host host;
  open(&host);
  const char *id = make_url(&host, "plain",
                            ",\"AuthType\":\"AWS_IAM\",\"Cors\":{\"AllowOrigins\":[\"https://a.b\"],"
                            "\"AllowMethods\":[\"GET\",\"PUT\"],\"AllowCredentials\":true,"
                            "\"AllowHeaders\":[\"x\"],\"ExposeHeaders\":[\"y\"],\"MaxAge\":7}");
  const char *path = mt_format("/_aws/lambda-url/%s/", id);
  CHECK(request(&host, "GET", "h", path, ""), "\"statusCode\":403", "Forbidden");
  CHECK(request(&host, "GET", "h", path,
                ",\"accessKeyId\":\"AK\",\"signedService\":\"sqs\""),
        "\"statusCode\":403");
  CHECK(request(&host, "GET", "h", path,
                ",\"accessKeyId\":\"AK\",\"signedService\":\"lambda\","
                "\"headers\":{\"origin\":\"https://a.b\"}"),
        "\"statusCode\":200", "\\\"iam\\\":{", "\\\"accessKey\\\":\\\"AK\\\"",
        "\\\"accountId\\\":\\\"000000000000\\\"", "\"Access-Control-Allow-Origin\":\"https://a.b\"",
        "\"Access-Control-Allow-Credentials\":\"true\"", "\"Access-Control-Expose-Headers\":\"y\"",
        "\"Vary\":\"Origin\"");
  CHECK(request(&host, "OPTIONS", "h", path,
                ",\"headers\":{\"origin\":\"https://a.b\",\"access-control-request-method\":\"PUT\"}"),
        "\"statusCode\":200", "\"Access-Control-Allow-Methods\":\"GET,PUT\"",
        "\"Access-Control-Allow-Headers\":\"x\"", "\"Access-Control-Max-Age\":\"7\"");
  CHECK(request(&host, "OPTIONS", "h", path,
                ",\"headers\":{\"origin\":\"https://c.d\",\"access-control-request-method\":\"PUT\"}"),
        "\"statusCode\":200", "!Access-Control");
  host_close(&host);
}

/* ---- routes ---- */

static void put_routes(struct host *host, const char *routes)
{
  mt_eq_str(call(host, "moonstep:PutRoutes", mt_format("{\"apiId\":\"shop\",\"routes\":%s}", routes)),
            "{}");
}

MT_TEST(web_calls__payload_1_of_a_rest_api)
{
  struct host host;
  open(&host);
  put_routes(&host, "[{\"RouteKey\":\"ANY /orders/{id}/{proxy+}\",\"FunctionName\":\"echo\","
                    "\"PayloadFormatVersion\":\"1.0\",\"Stage\":\"prod\"},"
                    "{\"RouteKey\":\"GET /plain\",\"FunctionName\":\"plain\","
                    "\"PayloadFormatVersion\":\"1.0\",\"Stage\":\"prod\"}]");
  CHECK(request(&host, "GET", "h", "/prod/plain", ""), "\"statusCode\":502",
        "{\\\"message\\\": \\\"Internal server error\\\"}");
  CHECK(request(&host, "GET", "h", "/orders/7/a", ""), "\"statusCode\":404",
        "{\\\"message\\\":\\\"Not Found\\\"}");
  const char *text = request(&host, "POST", "shop.execute-api.us-east-1.localhost:4566",
                             "/prod/orders/a%20b/c/d", HEADERS);
  check_event(
      text,
      "{\"resource\":\"/orders/{id}/{proxy+}\",\"path\":\"/orders/a%20b/c/d\",\"httpMethod\":\"POST\","
      "\"headers\":{\"Host\":\"h\",\"User-Agent\":\"curl/1\",\"X-Two\":\"b\",\"Content-Type\":"
      "\"text/plain\",\"X-Forwarded-For\":\"1.2.3.4\",\"X-Forwarded-Port\":\"4566\","
      "\"X-Forwarded-Proto\":\"http\",\"X-Amzn-Trace-Id\":\"Root=1-65920080-c6af9ac67b6111e69a4193e8\"},"
      "\"multiValueHeaders\":{\"Host\":[\"h\"],\"User-Agent\":[\"curl/1\"],\"X-Two\":[\"a\",\"b\"],"
      "\"Content-Type\":[\"text/plain\"],\"X-Forwarded-For\":[\"1.2.3.4\"],\"X-Forwarded-Port\":"
      "[\"4566\"],\"X-Forwarded-Proto\":[\"http\"],\"X-Amzn-Trace-Id\":"
      "[\"Root=1-65920080-c6af9ac67b6111e69a4193e8\"]},"
      "\"queryStringParameters\":{\"a\":\"2\",\"b\":\" x y\",\"c\":\"\"},"
      "\"multiValueQueryStringParameters\":{\"a\":[\"1\",\"2\"],\"b\":[\" x y\"],\"c\":[\"\"]},"
      "\"pathParameters\":{\"id\":\"a b\",\"proxy\":\"c/d\"},\"stageVariables\":null,\"requestContext\":{"
      "\"accountId\":\"000000000000\",\"apiId\":\"shop\",\"domainName\":\"shop.execute-api.us-east-1."
      "localhost\",\"domainPrefix\":\"shop\",\"extendedRequestId\":\"c6af9ac6-7b61-11e6-9a41-"
      "93e8deadbeef\",\"httpMethod\":\"POST\",\"identity\":{\"accessKey\":null,\"accountId\":null,\"caller\":null,"
      "\"cognitoAuthenticationProvider\":null,\"cognitoAuthenticationType\":null,\"cognitoIdentityId\":"
      "null,\"cognitoIdentityPoolId\":null,\"principalOrgId\":null,\"sourceIp\":\"1.2.3.4\",\"user\":"
      "null,\"userAgent\":\"curl/1\",\"userArn\":null},\"resourceId\":\"fuxhl1\","
      "\"path\":\"/prod/orders/a%20b/c/d\",\"protocol\":"
      "\"HTTP/1.1\",\"requestId\":\"c6af9ac6-7b61-11e6-9a41-93e8deadbeef\",\"requestTime\":"
      "\"01/Jan/2024:00:00:00 +0000\",\"requestTimeEpoch\":1704067200000,\"resourcePath\":"
      "\"/orders/{id}/{proxy+}\",\"stage\":\"prod\"},\"body\":\"text\",\"isBase64Encoded\":false}");
  host_close(&host);
}

MT_TEST(web_calls__routes_are_chosen)
{
  static const struct {
    const char *method, *path, *key;
  } rows[] = {
      {"GET", "/a", "GET /a"},       {"POST", "/a", "ANY /a"},      {"GET", "/a/", "GET /a"},
      {"GET", "/a/b", "GET /a/b"},   {"GET", "/a/c", "GET /a/{x}"}, {"GET", "/a/c/d", "ANY /a/{p+}"},
      {"PUT", "/a/c", "ANY /a/{p+}"}, {"GET", "/", "GET /"},        {"GET", "/q", "$default"},
      {"DELETE", "/v1/z", "DELETE /z"},
  };
  struct host host;
  open(&host);
  put_routes(&host, "[{\"RouteKey\":\"$default\",\"FunctionName\":\"plain\"},"
                    "{\"RouteKey\":\"ANY /a/{p+}\",\"FunctionName\":\"plain\"},"
                    "{\"RouteKey\":\"GET /a/{x}\",\"FunctionName\":\"plain\"},"
                    "{\"RouteKey\":\"GET /a/b\",\"FunctionName\":\"plain\"},"
                    "{\"RouteKey\":\"ANY /a\",\"FunctionName\":\"plain\"},"
                    "{\"RouteKey\":\"GET /a\",\"FunctionName\":\"plain\"},"
                    "{\"RouteKey\":\"GET /\",\"FunctionName\":\"plain\"},"
                    "{\"RouteKey\":\"DELETE /z\",\"FunctionName\":\"plain\",\"Stage\":\"v1\"}]");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    CHECK(request(&host, rows[i].method, "h", rows[i].path, ""),
          mt_format("\\\"routeKey\\\":\\\"%s\\\"", rows[i].key));
    CHECK(request(&host, rows[i].method, "h", mt_format("/_aws/execute-api/shop%s", rows[i].path), ""),
          mt_format("\\\"routeKey\\\":\\\"%s\\\"", rows[i].key));
  }
  CHECK(request(&host, "DELETE", "h", "/restapis/shop/v1/_user_request_/z", ""),
        "\\\"routeKey\\\":\\\"DELETE /z\\\"", "\\\"stage\\\":\\\"v1\\\"");
  CHECK(request(&host, "GET", "h", "/_aws/execute-api/other/a", ""), "\"statusCode\":404");
  host_close(&host);
}

MT_TEST(web_calls__refused_routes)
{
  static const char *const rows[] = {
      "{}", "7", "[{}]", "[{\"RouteKey\":\"GET\",\"FunctionName\":\"f\"}]",
      "[{\"RouteKey\":\"FETCH /a\",\"FunctionName\":\"f\"}]",
      "[{\"RouteKey\":\"GET /a{b}\",\"FunctionName\":\"f\"}]",
      "[{\"RouteKey\":\"GET /{b+}/c\",\"FunctionName\":\"f\"}]",
      "[{\"RouteKey\":\"GET /{}\",\"FunctionName\":\"f\"}]",
      "[{\"RouteKey\":\"GET /a\"}]",
      "[{\"RouteKey\":\"GET /a\",\"FunctionName\":\"f\"},{\"RouteKey\":\"GET /a\",\"FunctionName\":\"f\"}]",
      "[{\"RouteKey\":\"GET /a\",\"FunctionName\":\"f\",\"TimeoutInMillis\":30001}]",
      "[{\"RouteKey\":\"GET /a\",\"FunctionName\":\"f\",\"PayloadFormatVersion\":\"1\"}]"};
  struct host host;
  open(&host);
  put_routes(&host, "[{\"RouteKey\":\"GET /a\",\"FunctionName\":\"plain\"}]");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    call_has(&host, "moonstep:PutRoutes", mt_format("{\"routes\":%s}", rows[i]),
             "ValidationException");
  }
  CHECK(request(&host, "GET", "h", "/a", ""), "\"statusCode\":200");
  host_close(&host);
}

/* 29 s of a REST API, 30 s of an HTTP API, or what the route says; the function goes on. */
MT_TEST(web_calls__routes_time_out)
{
  struct host host;
  open(&host);
  put_routes(&host, "[{\"RouteKey\":\"GET /h\",\"FunctionName\":\"slow\"},"
                    "{\"RouteKey\":\"GET /q\",\"FunctionName\":\"slow\",\"TimeoutInMillis\":50},"
                    "{\"RouteKey\":\"GET /r\",\"FunctionName\":\"slow\",\"Stage\":\"s\","
                    "\"PayloadFormatVersion\":\"1.0\"},"
                    "{\"RouteKey\":\"GET /bad\",\"FunctionName\":\"bad\"},"
                    "{\"RouteKey\":\"GET /none\",\"FunctionName\":\"none\"}]");
  CHECK(request(&host, "GET", "h", "/q", ""), "\"statusCode\":503",
        "{\\\"message\\\":\\\"Service Unavailable\\\"}");
  CHECK(request(&host, "GET", "h", "/h", ""), "\"statusCode\":503");
  CHECK(request(&host, "GET", "h", "/s/r", ""), "\"statusCode\":504",
        "{\\\"message\\\": \\\"Endpoint request timed out\\\"}");
  CHECK(request(&host, "GET", "h", "/bad", ""), "\"statusCode\":500",
        "{\\\"message\\\":\\\"Internal Server Error\\\"}");
  CHECK(request(&host, "GET", "h", "/none", ""), "\"statusCode\":500");
  host_run(&host);
  host_close(&host);
}

/* What the server never sends, and what nobody should. */
MT_TEST(web_calls__hostile_requests)
{
  struct host host;
  open(&host);
  const char *id = make_url(&host, "plain", ",\"AuthType\":\"NONE\"");
  put_routes(&host, "[{\"RouteKey\":\"GET /{p+}\",\"FunctionName\":\"plain\"}]");
  CHECK(request(&host, "GET", "", "/%00%ff%zz%2", ",\"headers\":7,\"fields\":[1,[],[2]],\"cookies\":{}"),
        "\"statusCode\":200", "{\\\"p\\\":\\\"\\\\u0000\xef\xbf\xbd%zz%2\\\"}");
  CHECK(request(&host, "GET", "..lambda-url..", "x", ""), "\"statusCode\":404");
  CHECK(request(&host, "GET", mt_format("%s.lambda-url", id), "", ""), "\"statusCode\":404");
  CHECK(request(&host, "GET", "x", "/restapis", ""), "\"statusCode\":200");
  CHECK(request(&host, "GET", "x", "/restapis/", ""), "\"statusCode\":404");
  CHECK(request(&host, "GET", "x", "/_aws/lambda-url/", ""), "\"statusCode\":403");
  call_has(&host, "http:Request", "{}", "ValidationException");
  host_close(&host);
}

static void tune_store(mstep_options *options)
{
  options->store = store_url;
}

/* A URL outlives the engine; base addresses are in it. */
MT_TEST(web_calls__urls_in_a_store)
{
  struct host host;
  snprintf(store_url, sizeof store_url, "sqlite:%s/s.db", mt_tmpdir());
  host_open(&host, tune_store);
  call(&host, "CreateFunction",
       "{\"FunctionName\":\"f\",\"Code\":{\"Source\":\"return function() return 1 end\"}}");
  const char *id = make_url(&host, "f", ",\"AuthType\":\"NONE\"");
  host_close(&host);
  host_open(&host, tune_store);
  CHECK(request(&host, "GET", "h", mt_format("/_aws/lambda-url/%s/", id), ""), "\"body\":\"1\"");
  static const char *const bases[][3] = {
      {"http://127.0.0.1:4566", "http", "localhost:4566/"},
      {"http://[::1]:80/", "http", "localhost:80/"},
      {"https://dev.example.com", "https", "dev.example.com/"}};
  for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
    mt_eq_str(call(&host, "moonstep:SetBaseUrl", mt_format("{\"baseUrl\":\"%s\"}", bases[i][0])), "{}");
    call_has(&host, "GetFunctionUrlConfig", "{\"FunctionName\":\"f\"}",
             mt_format("\"FunctionUrl\":\"%s://%s.lambda-url.us-east-1.%s\"", bases[i][1], id,
                       bases[i][2]));
  }
  call_has(&host, "CreateQueue", "{\"QueueName\":\"q\"}",
           "\"https://dev.example.com/000000000000/q\"");
  call_has(&host, "moonstep:SetBaseUrl", "{\"baseUrl\":\"ftp://x\"}", "ValidationException");
  call_has(&host, "moonstep:SetBaseUrl", "{\"baseUrl\":\"http://\"}", "ValidationException");
  host_close(&host);
}

/* What watches do is tests/unit/source's; here is the operation. */
MT_TEST(web_calls__watches)
{
  struct host host;
  open(&host);
  call_has(&host, "moonstep:PutWatches", "{}", "ValidationException");
  call_has(&host, "moonstep:PutWatches", "{\"watches\":[{\"Folder\":\"in\"}]}",
           "watch of 'in': needs a function or another target");
  mt_eq_str(call(&host, "moonstep:PutWatches", "{\"watches\":[]}"), "{}");
  host_close(&host);
}
