/*
 * http:invoke against a server on this machine, in real time: what is sent for a state and its connection, what
 * the state gets, and the names of errors. Connections through their operations: no answer shows a secret.
 */
#include <string.h>

#include "calls.h"
#include "mt.h"
#include "peer.h"

#define OK_JSON                                                                                    \
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Two: a\r\nX-Two: b\r\n"                    \
  "Content-Length: 7\r\n\r\n{\"a\":1}"

static void tune(mstep_options *options)
{
  options->is_virtual_time = 0;
}

/* `parameters`: more members of Parameters; the endpoint is the peer with that path. */
static mstep_status invoke(struct host *host, const struct peer *peer, const char *method,
                           const char *path, const char *parameters)
{
  static int number;
  mstep_arn machine = host_machine(
      host, mt_format("m%d", ++number),
      mt_format("{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":"
                "\"arn:aws:states:::http:invoke\",\"Parameters\":{\"ApiEndpoint\":"
                "\"http://127.0.0.1:%d%s\",\"Method\":\"%s\"%s},\"End\":true}}}",
                peer == NULL ? 1 : peer->port, path, method, parameters));
  int before = host->ended;
  host_start(host, &machine, NULL, "{}");
  for (int i = 0; i < 1000 && host->ended == before; i++)
    host_run(host);
  mt_eq_int(host->ended, before + 1);
  return host->status;
}

static char *connection(struct host *host, const char *name, const char *type, const char *auth)
{
  char *text = call(host, "CreateConnection",
                    mt_format("{\"Name\":\"%s\",\"AuthorizationType\":\"%s\",\"AuthParameters\":%s}", name,
                              type, auth));
  char *at = strstr(text, "\"ConnectionArn\":\"");
  mt_ok(at != NULL);
  at += strlen("\"ConnectionArn\":\"");
  return mt_format(",\"Authentication\":{\"ConnectionArn\":\"%.*s\"}", (int)strcspn(at, "\""), at);
}

MT_TEST(http_task__sends_and_gets)
{
  struct host host;
  struct peer peer;
  host_open(&host, tune);
  peer_start(&peer, OK_JSON);
  mt_eq_int(invoke(&host, &peer, "POST", "/x?k=v",
                   ",\"Headers\":{\"X-A\":\"1\",\"content-type\":\"application/vnd.x+json\"},"
                   "\"QueryParameters\":{\"q\":\"a b\",\"n\":[1,true]},\"RequestBody\":{\"z\":[1,\"ü\"]}"),
            MSTEP_SUCCEEDED);
  peer_join(&peer);
  mt_ok(strncmp(peer.got[0], "POST /x?k=v&q=a%20b&n=1&n=true HTTP/1.1\r\n", 41) == 0);
  text_has(peer.got[0], "User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1\r\n");
  text_has(peer.got[0], "Range: bytes=0-262144\r\n");
  text_has(peer.got[0], "X-A: 1\r\n");
  text_has(peer.got[0], ": application/vnd.x+json\r\n");
  text_has_not(peer.got[0], "charset=UTF-8");
  text_has(peer.got[0], "\r\n\r\n{\"z\":[1,\"ü\"]}");
  mt_eq_str(host.output, "{\"Headers\":{\"content-type\":[\"application/json\"],\"x-two\":[\"a\",\"b\"],"
                         "\"content-length\":[\"7\"]},\"ResponseBody\":{\"a\":1},\"StatusCode\":200,"
                         "\"StatusText\":\"OK\"}");
  host_close(&host);
}

MT_TEST(http_task__forms)
{
  static const struct {
    const char *format, *expected;
  } rows[] = {{"", "a%5B0%5D=1&a%5B1%5D=x%20y&b%5Bc%5D=2"},
              {",\"RequestEncodingOptions\":{\"ArrayFormat\":\"REPEAT\"}", "a=1&a=x%20y&b%5Bc%5D=2"},
              {",\"RequestEncodingOptions\":{\"ArrayFormat\":\"COMMAS\"}", "a=1%2Cx%20y&b%5Bc%5D=2"},
              {",\"RequestEncodingOptions\":{\"ArrayFormat\":\"BRACKETS\"}",
               "a%5B%5D=1&a%5B%5D=x%20y&b%5Bc%5D=2"}};
  struct host host;
  host_open(&host, tune);
  for (int i = 0; i < 4; i++) {
    struct peer peer;
    peer_start(&peer, "HTTP/1.1 204 No Content\r\n\r\n");
    mt_eq_int(invoke(&host, &peer, "PUT", "/",
                     mt_format(",\"RequestBody\":{\"a\":[1,\"x y\"],\"b\":{\"c\":2}},\"Transform\":"
                               "{\"RequestBodyEncoding\":\"URL_ENCODED\"%s}",
                               rows[i].format)),
              MSTEP_SUCCEEDED);
    peer_join(&peer);
    text_has(peer.got[0], "application/x-www-form-urlencoded\r\n");
    text_has(peer.got[0], mt_format("\r\n\r\n%s", rows[i].expected));
    text_has(host.output, "\"ResponseBody\":\"\",\"StatusCode\":204");
  }
  host_close(&host);
}

MT_TEST(http_task__failures)
{
  struct host host;
  struct peer peer;
  host_open(&host, tune);
  peer_start(&peer, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone");
  invoke(&host, &peer, "GET", "/", "");
  peer_join(&peer);
  mt_eq_str(host.error, "States.Http.StatusCode.404");
  mt_eq_str(host.cause, "gone");
  peer_start(&peer, "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
  invoke(&host, &peer, "GET", "/", "");
  peer_join(&peer);
  mt_eq_str(host.error, "States.Http.StatusCode.302");
  invoke(&host, NULL, "GET", "/", ""); /* nobody listens there */
  mt_eq_str(host.error, "States.Http.Socket");
  peer_start(&peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe");
  invoke(&host, &peer, "GET", "/", "");
  peer_join(&peer);
  mt_eq_str(host.error, "States.Runtime");
  static const char *const wrong[] = {",\"Headers\":{\"Host\":\"x\"}", ",\"Headers\":{\"x-amz-date\":\"x\"}",
                                      ",\"Headers\":7", ",\"Headers\":{\"a\":1}",
                                      ",\"Headers\":{\"a\\r\\nb\":\"x\"}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    invoke(&host, NULL, "GET", "/", wrong[i]);
    mt_eq_str(host.error, "States.Runtime");
    text_has(host.cause, "could not be used to start the Task: [");
  }
  invoke(&host, NULL, "TRACE", "/", "");
  mt_eq_str(host.error, "States.Runtime");
  host_close(&host);
}

MT_TEST(http_task__basic_and_key)
{
  struct host host;
  struct peer peer;
  host_open(&host, tune);
  char *basic = connection(&host, "b", "BASIC",
                           "{\"BasicAuthParameters\":{\"Username\":\"u\",\"Password\":\"s3cret\"},"
                           "\"InvocationHttpParameters\":{\"HeaderParameters\":[{\"Key\":\"X-H\",\"Value\":\"h\","
                           "\"IsValueSecret\":true}],\"QueryStringParameters\":[{\"Key\":\"q\",\"Value\":\"of it\"}],"
                           "\"BodyParameters\":[{\"Key\":\"k\",\"Value\":\"v\"}]}}");
  peer_start(&peer, OK_JSON);
  invoke(&host, &peer, "POST", "/",
         mt_format("%s,\"QueryParameters\":{\"q\":\"mine\"},\"Headers\":{\"x-h\":\"mine\"},"
                   "\"RequestBody\":{\"k\":1,\"l\":2}",
                   basic));
  peer_join(&peer);
  mt_eq_int(host.status, MSTEP_SUCCEEDED);
  text_has(peer.got[0], "POST /?q=of%20it HTTP");
  text_has(peer.got[0], "Authorization: Basic dTpzM2NyZXQ=\r\n");
  text_has(peer.got[0], "x-h: h\r\n");
  text_has(peer.got[0], "{\"k\":\"v\",\"l\":2}");
  invoke(&host, NULL, "POST", "/", mt_format("%s,\"RequestBody\":\"text\"", basic));
  mt_eq_str(host.error, "States.Runtime");
  char *history = call(&host, "GetExecutionHistory", mt_format("{\"executionArn\":\"%s\"}", host.ended_arn));
  text_has_not(history, "s3cret");
  char *key = connection(&host, "k", "API_KEY",
                         "{\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-Key\",\"ApiKeyValue\":\"abc\"}}");
  peer_start(&peer, OK_JSON);
  invoke(&host, &peer, "GET", "/", key);
  peer_join(&peer);
  text_has(peer.got[0], "X-Key: abc\r\n");
  host_close(&host);
}

/* Asked for once, used again; asked for again when it is refused. */
MT_TEST(http_task__oauth)
{
  static const char token[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                              "Content-Length: 57\r\n\r\n"
                              "{\"access_token\":\"tok\",\"token_type\":\"x\",\"expires_in\":3600}";
  static const char ok[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  static const char refused[] = "HTTP/1.1 401 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
  struct host host;
  struct peer peer = {.answers = {token, ok, ok, refused, token, refused}};
  host_open(&host, tune);
  peer_start_all(&peer, 6);
  char *oauth = connection(
      &host, "o", "OAUTH_CLIENT_CREDENTIALS",
      mt_format("{\"OAuthParameters\":{\"AuthorizationEndpoint\":\"http://127.0.0.1:%d/token\",\"HttpMethod\":"
                "\"POST\",\"ClientParameters\":{\"ClientID\":\"id\",\"ClientSecret\":\"s3cret\"},"
                "\"OAuthHttpParameters\":{\"BodyParameters\":[{\"Key\":\"scope\",\"Value\":\"a b\"}]}}}",
                peer.port));
  mt_eq_int(invoke(&host, &peer, "GET", "/1", oauth), MSTEP_SUCCEEDED);
  mt_eq_int(invoke(&host, &peer, "GET", "/2", oauth), MSTEP_SUCCEEDED);
  invoke(&host, &peer, "GET", "/3", oauth);
  peer_join(&peer);
  mt_eq_str(host.error, "States.Http.StatusCode.401");
  text_has(peer.got[0], "POST /token HTTP");
  text_has(peer.got[0],
           "\r\n\r\ngrant_type=client_credentials&client_id=id&client_secret=s3cret&scope=a%20b");
  text_has(peer.got[1], "Authorization: Bearer tok\r\n");
  text_has(peer.got[2], "GET /2 HTTP");
  text_has(peer.got[4], "POST /token HTTP");
  text_has(peer.got[5], "GET /3 HTTP");
  host_close(&host);
}

MT_TEST(http_task__connections)
{
  struct host host;
  host_open(&host, tune);
  connection(&host, "c1", "OAUTH_CLIENT_CREDENTIALS",
             "{\"OAuthParameters\":{\"AuthorizationEndpoint\":\"https://x/token\",\"HttpMethod\":\"POST\","
             "\"ClientParameters\":{\"ClientID\":\"id\",\"ClientSecret\":\"s3cret\"},\"OAuthHttpParameters\":"
             "{\"BodyParameters\":[{\"Key\":\"a\",\"Value\":\"s3cret\",\"IsValueSecret\":true},"
             "{\"Key\":\"b\",\"Value\":\"open\"}]}}}");
  char *text = call(&host, "DescribeConnection", "{\"Name\":\"c1\"}");
  text_has(text, "\"AuthParameters\":{\"OAuthParameters\":{\"AuthorizationEndpoint\":\"https://x/"
                 "token\",\"HttpMethod\":"
                 "\"POST\",\"ClientParameters\":{\"ClientID\":\"id\"},\"OAuthHttpParameters\":{"
                 "\"BodyParameters\":"
                 "[{\"Key\":\"a\",\"IsValueSecret\":true},{\"Key\":\"b\",\"Value\":\"open\","
                 "\"IsValueSecret\":false}]}}}");
  text_has(text, "\"ConnectionState\":\"AUTHORIZED\"");
  text_has(
      text,
      "\"SecretArn\":\"arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection/c1/");
  text_has_not(text, "s3cret");
  text_has(call(&host, "UpdateConnection",
                "{\"Name\":\"c1\",\"AuthorizationType\":\"BASIC\",\"AuthParameters\":{"
                "\"BasicAuthParameters\":"
                "{\"Username\":\"u\",\"Password\":\"s3cret\"}}}"),
           "\"LastAuthorizedTime\":");
  text = call(&host, "DescribeConnection", "{\"Name\":\"c1\"}");
  text_has(text, "\"AuthParameters\":{\"BasicAuthParameters\":{\"Username\":\"u\"}}");
  text = call(&host, "ListConnections", "{\"NamePrefix\":\"c\"}");
  text_has(text, "{\"Connections\":[{\"ConnectionArn\":\"arn:aws:events:us-east-1:000000000000:"
                 "connection/c1/");
  text_has_not(text, "s3cret");
  text_has(call(&host, "CreateConnection",
                "{\"Name\":\"c1\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
                "\"ApiKeyAuthParameters\":"
                "{\"ApiKeyName\":\"a\",\"ApiKeyValue\":\"b\"}}}"),
           "{\"__type\":\"ResourceAlreadyExistsException\"");
  text_has(call(&host, "CreateConnection",
                "{\"Name\":\"c2\",\"AuthorizationType\":\"API_KEY\",\"AuthParameters\":{"
                "\"BasicAuthParameters\":"
                "{\"Username\":\"a\",\"Password\":\"b\"}}}"),
           "{\"__type\":\"ValidationException\"");
  text_has(call(&host, "DeauthorizeConnection", "{\"Name\":\"c1\"}"), "\"DEAUTHORIZED\"");
  text_has(call(&host, "DeleteConnection", "{\"Name\":\"c1\"}"),
           "\"ConnectionState\":\"DELETING\"");
  text_has(call(&host, "DescribeConnection", "{\"Name\":\"c1\"}"),
           "{\"__type\":\"ResourceNotFoundException\",\"message\":\"Failed to describe the "
           "connection(s). Connection "
           "'c1' does not exist.\"}");
  invoke(&host, NULL, "GET", "/",
         ",\"Authentication\":{\"ConnectionArn\":\"arn:aws:events:us-east-1:000000000000:connection/c1/1\"}");
  mt_eq_str(host.error, "Events.ConnectionResource.ResourceNotFound");
  host_close(&host);
}
