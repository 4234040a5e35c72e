/*
 * How commands ask for things: operations of AWS's APIs by name, told to an engine that has a store
 * open in this process, or over HTTP to `mstep serve` (remote.h). What a command knows is JSON in and
 * JSON out.
 */
#ifndef MS_CLI_CLIENT_H
#define MS_CLI_CLIENT_H

#include "cli/cli.h"
#include "cli/text.h"

enum ms_client_mode {
  MS_CLIENT_READ,   /* only asks; another process may have the store open */
  MS_CLIENT_CHANGE, /* tells an engine that runs nothing */
  MS_CLIENT_RUN     /* the engine works */
};

struct ms_remote;

struct ms_client {
  mstep_engine *engine;     /* NULL when it is asked over HTTP */
  struct ms_remote *remote; /* NULL when it is in this process */
  char url[4200];       /* of the store */
  const char *store;    /* its path or URL, or the endpoint's, for messages; NULL: none was named */
  const char *path;     /* of its file, within url; NULL: it has none */
  struct ms_text reply; /* of the latest call: the answer, or the error */
  int status;
};

/*
 * The store that --store or MSTEP_STORE names: fills url, store and path. False: said why not;
 * is_needed: also when there is none.
 */
bool ms_client_find(struct ms_client *out, const struct ms_cli_args *args, bool is_needed);
/*
 * The same for commands that reach servers, too: --endpoint or --store, else MSTEP_ENDPOINT or
 * MSTEP_STORE. With an endpoint the client is ready, and is_remote(out).
 */
bool ms_client_choose(struct ms_client *out, const struct ms_cli_args *args);
/* --durability, --keep-for, --keep-last into options. False: said. */
bool ms_client_options(mstep_options *options, const struct ms_cli_args *args);
/* Puts the store into options and opens. is_new_fine: a file that is not there is made. */
bool ms_client_open(struct ms_client *client, mstep_options *options, enum ms_client_mode mode,
                    bool is_new_fine);
/* ms_client_choose, and with a store ms_client_open with the default options. */
bool ms_client_start(struct ms_client *out, const struct ms_cli_args *args,
                     enum ms_client_mode mode);
void ms_client_close(struct ms_client *client);

/*
 * One call; its answer is client->reply until the next. False: the answer is an error, which has
 * not been said (ms_client_say). request: JSON.
 */
bool ms_client_call(struct ms_client *client, const char *operation, const struct ms_text *request);
/* The same, and says the error. */
bool ms_client_ask(struct ms_client *client, const char *operation, const struct ms_text *request);
void ms_client_say(const struct ms_client *client);
/* Is the latest error AWS's of that name? */
bool ms_client_is(const struct ms_client *client, const char *error);
/* Bytes of the store's files. */
unsigned long long ms_client_size(const struct ms_client *client);

/* ---- names.c ---- */

/* Calls `each` with every item of ListStateMachines. False: said. */
bool ms_client_each_machine(struct ms_client *client, void (*each)(mstep_str item, void *user),
                            void *user);
/* The ARN of the machine that is called so, or that this is. False: said. */
bool ms_client_machine(struct ms_client *client, struct ms_text *arn, const char *name);
/*
 * The ARN of an execution: of an ARN, a name, "MACHINE:NAME", or the beginning of a name that is
 * the only one. False: said.
 */
bool ms_client_execution(struct ms_client *client, struct ms_text *arn, const char *name);
/* The last part of an ARN. */
const char *ms_arn_name(const char *arn);
/* The machine's name in the ARN of an execution. */
void ms_arn_machine(char *out, size_t size, const char *arn);

#endif
