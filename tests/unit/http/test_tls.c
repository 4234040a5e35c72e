/* TLS: requests through it, and what arrives on its port that is none. */
#include "mt.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "web.h"

#define H "Host: localhost\r\n"

static const char *make_file(const char *name)
{
  return mt_format("%s/%s", mt_tmpdir(), name);
}

/* A key and a certificate that it signs itself. */
static void make_certificate(void)
{
  const char *command =
      mt_format("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
                "-subj /CN=localhost -keyout %s -out %s >/dev/null 2>&1",
                make_file("key.pem"), make_file("cert.pem"));
  mt_eq_int(system(command), 0);
}

static void start_tls(struct web *web)
{
  make_certificate();
  web_init(web);
  web->options.tls_cert_file = make_file("cert.pem");
  web->options.tls_key_file = make_file("key.pem");
}

struct client {
  SSL_CTX *context;
  SSL *ssl;
  int fd;
};

static void client_open(struct client *client, const struct web *web)
{
  client->fd = web_connect(web);
  client->context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_load_verify_file(client->context, make_file("cert.pem"));
  SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
  client->ssl = SSL_new(client->context);
  SSL_set1_host(client->ssl, "localhost");
  SSL_set_fd(client->ssl, client->fd);
  mt_eq_int(SSL_connect(client->ssl), 1);
}

static void client_close(struct client *client)
{
  SSL_shutdown(client->ssl);
  SSL_free(client->ssl);
  SSL_CTX_free(client->context);
  close(client->fd);
}

static const char *client_read_all(struct client *client)
{
  struct ms_buf all;
  ms_buf_init(&all, 0);
  int got;
  do {
    char *room = ms_buf_reserve(&all, 65536);
    got = SSL_read(client->ssl, room, 65536);
    ms_buf_added(&all, got > 0 ? (size_t)got : 0);
  } while (got > 0);
  /* the end was said, and not just a lost connection */
  mt_eq_int(SSL_get_error(client->ssl, got), SSL_ERROR_ZERO_RETURN);
  const char *text = mt_format("%.*s", (int)all.len, all.data);
  ms_buf_deinit(&all);
  return text;
}

MT_TEST(http_tls__answers)
{
  struct web web;
  start_tls(&web);
  web_start(&web);
  struct client client;
  client_open(&client, &web);
  static const char first[] = "GET /1 HTTP/1.1\r\n" H "\r\n";
  static const char second[] = "GET /stream HTTP/1.1\r\n" H "Connection: close\r\n\r\n";
  SSL_write(client.ssl, first, sizeof first - 1);
  SSL_write(client.ssl, second, sizeof second - 1);
  const char *answers = client_read_all(&client);
  mt_eq_int(web_count(answers, "HTTP/1.1 200"), 2);
  mt_ok(strstr(answers, "three\r\n0\r\n\r\n") != NULL);
  client_close(&client);
  web_stop(&web);
}

MT_TEST(http_tls__large_answers)
{
  struct web web;
  start_tls(&web);
  web_start(&web);
  struct client client;
  client_open(&client, &web);
  static const char text[] = "GET /big HTTP/1.1\r\n" H "Connection: close\r\n\r\n";
  SSL_write(client.ssl, text, sizeof text - 1);
  size_t total = 0;
  static char piece[65536];
  int got;
  while ((got = SSL_read(client.ssl, piece, sizeof piece)) > 0) {
    total += (size_t)got;
  }
  mt_ok(total > (size_t)8 << 20);
  client_close(&client);
  web_stop(&web);
}

MT_TEST(http_tls__a_client_that_leaves_is_noticed)
{
  struct web web;
  start_tls(&web);
  web_start(&web);
  struct client client;
  client_open(&client, &web);
  static const char text[] = "GET /hold HTTP/1.1\r\n" H "\r\n";
  SSL_write(client.ssl, text, sizeof text - 1);
  web_wait(&web.held_count, 1);
  client_close(&client);
  web_wait(&web.gone, 1);
  web_stop(&web);
}

MT_TEST(http_tls__garbage_and_silence)
{
  struct web web;
  start_tls(&web);
  web.options.limits.head_ms = 300;
  web_start(&web);
  WEB_EXCHANGE(&web, "GET / HTTP/1.1\r\n" H "\r\n"); /* closed, perhaps after an alert */
  WEB_EXCHANGE(&web, "\x16\x03\x01\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
  int silent = web_connect(&web);
  WEB_SEND(silent, "\x16\x03\x01\x02"); /* the beginning of a greeting */
  mt_eq_str(web_read_all(silent, NULL), "");
  close(silent);
  mt_eq_int(web.requests, 0);
  web_stop(&web);
}

MT_TEST(http_tls__old_versions_are_refused)
{
  struct web web;
  start_tls(&web);
  web_start(&web);
  struct client client = {SSL_CTX_new(TLS_client_method()), NULL, web_connect(&web)};
  SSL_CTX_set_min_proto_version(client.context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(client.context, TLS1_1_VERSION);
  SSL_CTX_set_security_level(client.context, 0);
  client.ssl = SSL_new(client.context);
  SSL_set_fd(client.ssl, client.fd);
  mt_ok(SSL_connect(client.ssl) != 1);
  client_close(&client);
  web_stop(&web);
}

MT_TEST(http_tls__files_that_are_no_use)
{
  struct web web;
  start_tls(&web);
  const char *cert = web.options.tls_cert_file;
  web.options.tls_cert_file = make_file("none.pem");
  mt_eq_int(web_try_start(&web), MSTEP_EIO);
  mt_ok(strstr(ms_error_detail(), "none.pem") != NULL);
  web.options.tls_cert_file = cert;
  web.options.tls_key_file = cert;
  mt_eq_int(web_try_start(&web), MSTEP_EIO);
  web.options.tls_key_file = NULL;
  mt_eq_int(web_try_start(&web), MSTEP_EINVALID);
}
