/*
 * Operations over HTTP: POST /mstep/OPERATION of a server that `mstep serve` runs. Signed when the
 * environment has AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as AWS's clients do.
 */
#ifndef MS_CLI_REMOTE_H
#define MS_CLI_REMOTE_H

#include "cli/cli.h"
#include "cli/text.h"

struct ms_remote;

/* endpoint: "http://127.0.0.1:4566", or without the scheme. False: said. */
bool ms_remote_new(struct ms_remote **out, const char *endpoint);
void ms_remote_free(struct ms_remote *remote); /* NULL is fine */
/* MSTEP_OK: reply is the answer. MSTEP_EINVALID: reply is the error object. Else ms_remote_say. */
int ms_remote_call(struct ms_remote *remote, struct ms_text *reply, const char *operation,
                   const struct ms_text *request);
/* The body of GET path. Else ms_remote_say. */
int ms_remote_get(struct ms_remote *remote, struct ms_text *reply, const char *path);
/* What was wrong when the latest call did not get an answer. */
void ms_remote_say(const struct ms_remote *remote, int code);

#endif
