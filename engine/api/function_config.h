/*
 * The configuration of a function as Lambda shows it, and changes of it. Code is Lua source: Code.Source as
 * text, which is ours, or Code.ZipFile as base64 of the text; zip files are not read.
 */
#ifndef MS_API_FUNCTION_CONFIG_H
#define MS_API_FUNCTION_CONFIG_H

#include "api/function.h"

extern const struct ms_api_member ms_api_code_members[]; /* of Code, and of UpdateFunctionCode */
extern const struct ms_api_member ms_api_environment_members[];
extern const struct ms_api_member ms_api_dead_letter_members[];

/* The members of a request that configure: rows of a table. */
#define MS_MEMBERS_CONFIGURATION                                                                   \
  {.name = "Description", .kind = MS_API_STRING, .max = 256},                                      \
      {.name = "Handler", .kind = MS_API_STRING, .max = 128},                                      \
      {.name = "Role", .kind = MS_API_STRING, .max = 2048},                                        \
      {.name = "Runtime", .kind = MS_API_STRING, .max = 64},                                       \
      {.name = "Timeout", .kind = MS_API_INTEGER, .min = 1, .max = 900},                           \
      {.name = "MemorySize", .kind = MS_API_INTEGER, .min = 128, .max = 10240},                    \
      {.name = "Environment", .kind = MS_API_STRUCTURE, .members = ms_api_environment_members},    \
  {                                                                                                \
    .name = "DeadLetterConfig", .kind = MS_API_STRUCTURE, .members = ms_api_dead_letter_members    \
  }

/* What Lambda says of the version; configuration: of the row, NONE: the standards. Owned. */
struct ms_json ms_api_configuration_show(const struct ms_api_call *call,
                                         const struct ms_function_name *name,
                                         struct ms_json configuration);
/* `old` (NONE: a new one) with what the request sets. Owned; NONE: no memory. */
struct ms_json ms_api_configuration_new(struct ms_api_call *call, struct ms_json old);
/* Adds size, hash and date of code. */
int ms_api_configuration_code(struct ms_json *configuration, struct ms_api_call *call,
                              struct ms_json files);
/* The source in an object with Source or ZipFile, appended. False: the call has been answered. */
bool ms_api_code_source(struct ms_buf *out, struct ms_api_call *call, struct ms_json code);
/*
 * Publishes $LATEST: the row gets the version, *reply what is said of it, code[0] what is to be kept, for which
 * `version` lends its memory. When nothing has changed since the last one, *reply is that, and version is "".
 */
int ms_api_publish(struct ms_json *reply, struct ms_json *row, struct ms_invoke_code *code,
                   char version[24], struct ms_api_call *call, const struct ms_function_name *name);
/* As ms_api_function_put, with code; what the commit refuses Lua forgets again. */
int ms_api_function_put_code(struct ms_api_call *call, const struct ms_function_name *name,
                             struct ms_json row, struct ms_json reply,
                             const struct ms_invoke_code *codes, size_t count);

#endif
