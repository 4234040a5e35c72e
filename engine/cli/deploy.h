/* Machines that get into a store, executions that are started in it. */
#ifndef MS_CLI_DEPLOY_H
#define MS_CLI_DEPLOY_H

#include "cli/client.h"

/* Text, @FILE or -; what: for messages, "input". False: said. */
bool ms_cli_value(struct ms_text *out, const char *given, const char *what);
/* Is it JSON? what: for messages, "payload". False: said. */
bool ms_cli_check_json(const char *text, const char *what);
/* --input JSON|@FILE|-; machine: the operand that may be standard input itself. False: said. */
bool ms_cli_input(struct ms_text *out, const struct ms_cli_args *args, const char *machine);
/* Is it a definition's file, rather than the name or ARN of a machine that the store has? */
bool ms_is_machine_file(const char *machine);
/*
 * The machine that `machine` is: a file's is created, or updated when the store has one of that
 * name with another definition. False: said.
 */
bool ms_deploy(struct ms_client *client, struct ms_text *arn, const struct ms_cli_args *args,
               const char *machine);
/* Starts with --name and --input; client->reply has StartExecution's answer. False: said. */
bool ms_deploy_start(struct ms_client *client, const struct ms_cli_args *args, const char *arn);

#endif
