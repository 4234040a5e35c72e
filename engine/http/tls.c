/*
 * TLS through OpenSSL: one context for all connections, made from a certificate and its key. Versions 1.2
 * and 1.3; no renegotiation, no compression, no client certificates.
 */
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/error.h"
#include "http/internal.h"

static int tls_error(const char *what, const char *file)
{
  char reason[160];
  unsigned long code = ERR_get_error();
  ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return ms_error(MSTEP_EIO, "%s %s: %s", what, file, code == 0 ? "unknown failure" : reason);
}

int ms_http_tls_new(struct ssl_ctx_st **out, const char *cert_file, const char *key_file)
{
  *out = NULL;
  if (key_file == NULL) {
    return ms_error(MSTEP_EINVALID, "a certificate needs its key file");
  }
  SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  if (tls == NULL) {
    return ms_error_nomem();
  }
  SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
  SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  int err = MSTEP_OK;
  if (SSL_CTX_use_certificate_chain_file(tls, cert_file) != 1) {
    err = tls_error("cannot use the certificate", cert_file);
  } else if (SSL_CTX_use_PrivateKey_file(tls, key_file, SSL_FILETYPE_PEM) != 1) {
    err = tls_error("cannot use the key", key_file);
  } else if (SSL_CTX_check_private_key(tls) != 1) {
    err = tls_error("the key does not belong to the certificate", key_file);
  }
  if (err != 0) {
    SSL_CTX_free(tls);
    return err;
  }
  *out = tls;
  return MSTEP_OK;
}

void ms_http_tls_free(struct ssl_ctx_st *tls)
{
  SSL_CTX_free(tls);
}

struct bufferevent *ms_http_tls_events(struct ssl_ctx_st *tls, void *base, int fd)
{
  SSL *ssl = SSL_new(tls);
  if (ssl == NULL) {
    return NULL;
  }
  struct bufferevent *events = bufferevent_openssl_socket_new(
      base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
  if (events == NULL) {
    SSL_free(ssl);
    return NULL;
  }
  bufferevent_openssl_set_allow_dirty_shutdown(events, 1);
  return events;
}

void ms_http_tls_shut(struct bufferevent *events)
{
  SSL *ssl = bufferevent_openssl_get_ssl(events);
  if (ssl != NULL && SSL_is_init_finished(ssl)) {
    SSL_shutdown(ssl);
  }
  ERR_clear_error();
}
