/*
 * Who sent this request? The check of AWS Signature Version 4, in the Authorization header or in the query
 * (presigned). A function of the request, the time and the credentials; remembers nothing but, if wanted,
 * the signatures it has seen. Secrets are never in its texts.
 */
#ifndef MS_HTTP_SIGV4_H
#define MS_HTTP_SIGV4_H

#include "http/message.h"

struct ms_http_replays;

/* *secret: borrowed until the check is over. MSTEP_ENOTFOUND: no such key. */
typedef int (*ms_http_credential_cb)(struct ms_str *secret, struct ms_str access_key_id,
                                     void *user);

struct ms_http_sigv4 {
  ms_http_credential_cb lookup;
  void *user;
  int64_t now_ms;
  int64_t skew_ms;     /* how far clocks may be apart; AWS: 5 minutes */
  const char *service; /* that it must be signed for; NULL: any */
  const char *region;  /* likewise */
  bool is_unsigned_payload_allowed;
  struct ms_http_replays *replays; /* NULL: not looked for */
};

#define MS_AUTH(id, json_code, json_status, rest_status, query_code, query_status, text)           \
  MS_HTTP_AUTH_##id,
enum ms_http_auth {
  MS_HTTP_AUTH_OK,
#include "http/auth.def"
  MS_HTTP_AUTH_COUNT
};
#undef MS_AUTH

struct ms_http_identity {
  enum ms_http_auth auth;
  /* Point into the request or into `credential`: of the claim, which holds when auth is OK. */
  struct ms_str access_key_id;
  struct ms_str region;
  struct ms_str service;
  char credential[320];
  char text[512]; /* when auth is not OK */
};

/*
 * 0, and out->auth says what came of it; MSTEP_ENOMEM. check->service and region are compared only when
 * they are given.
 */
int ms_http_sigv4_check(struct ms_http_identity *out, const struct ms_http_message *message,
                        const struct ms_http_sigv4 *check);
/* Only what the request claims, without a check: access key, region and service; false: nothing. */
bool ms_http_sigv4_claim(struct ms_http_identity *out, const struct ms_http_message *message);

/* ---- signatures that were seen ----------------------------------------------------------------------- */

/*
 * Remembers up to about entry_count signatures; the oldest give way. grace_ms: clients without an invocation
 * id in the signature send two calls of the same second with the same one, and rightly so; only later than
 * that after the first is it a replay.
 */
int ms_http_replays_new(struct ms_http_replays **out, unsigned entry_count, int64_t grace_ms);
void ms_http_replays_free(struct ms_http_replays *replays); /* NULL is fine */
/* Whether it was there; if not, it is from now on, until until_ms. signature: 64 hex digits. */
bool ms_http_replays_note(struct ms_http_replays *replays, struct ms_str signature, int64_t now_ms,
                          int64_t until_ms);

#endif
