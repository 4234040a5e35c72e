/* Access keys that a server accepts, from a file in the form of ~/.aws/credentials. */
#ifndef MS_CLI_CREDENTIALS_H
#define MS_CLI_CREDENTIALS_H

#include <stdbool.h>

#include "base/buf.h"

#define MS_CREDENTIALS_MAX 64

struct ms_credentials {
  struct ms_buf text; /* of the file, wiped when freed */
  struct {
    struct ms_str id;
    struct ms_str secret;
  } keys[MS_CREDENTIALS_MAX];
  size_t count;
};

/* Every profile's aws_access_key_id and aws_secret_access_key. False: said. */
bool ms_credentials_read(struct ms_credentials *out, const char *path);
void ms_credentials_deinit(struct ms_credentials *credentials); /* zeroed is fine */
/* MSTEP_ENOTFOUND. */
int ms_credentials_find(struct ms_str *secret, const struct ms_credentials *credentials,
                        struct ms_str id);

#endif
