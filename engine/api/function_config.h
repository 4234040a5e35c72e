/*
 * The configuration of a function as Lambda shows it, and changes of it. Code comes as Code.ZipFile, a zip of Lua
 * files in base64; ours are Code.Source, Lua source as text, and base64 of that as ZipFile.
 */
#ifndef MS_API_FUNCTION_CONFIG_H
#define MS_API_FUNCTION_CONFIG_H

#include "api/function.h"

extern const struct ms_api_member ms_api_code_members[]; /* of Code, and of UpdateFunctionCode */
extern const struct ms_api_member ms_api_environment_members[];
extern const struct ms_api_member ms_api_dead_letter_members[];

#define MS_MEMBERS_CODE                                                                            \
  {.name = "Source", .kind = MS_API_STRING}, {.name = "ZipFile", .kind = MS_API_STRING},           \
      {.name = "S3Bucket", .kind = MS_API_STRING, .min = 3, .max = 63},                            \
      {.name = "S3Key", .kind = MS_API_STRING, .min = 1, .max = 1024},                             \
  {                                                                                                \
    .name = "ImageUri", .kind = MS_API_STRING                                                      \
  }

/* The members of a request that configure: rows of a table. */
#define MS_MEMBERS_CONFIGURATION                                                                   \
  {.name = "Description", .kind = MS_API_STRING, .max = 256},                                      \
      {.name = "Handler", .kind = MS_API_STRING, .max = 128},                                      \
      {.name = "Role", .kind = MS_API_STRING, .max = 2048},                                        \
      {.name = "Runtime", .kind = MS_API_STRING, .max = 64},                                       \
      {.name = "Timeout", .kind = MS_API_INTEGER, .min = 1, .max = 900},                           \
      {.name = "MemorySize", .kind = MS_API_INTEGER, .min = 128, .max = 10240},                    \
      {.name = "Environment", .kind = MS_API_STRUCTURE, .members = ms_api_environment_members},    \
      {.name = "Architectures", .kind = MS_API_LIST, .max = 1},                                    \
      {.name = "EphemeralStorage", .kind = MS_API_STRUCTURE},                                      \
      {.name = "TracingConfig", .kind = MS_API_STRUCTURE},                                         \
      {.name = "LoggingConfig", .kind = MS_API_STRUCTURE},                                         \
  {                                                                                                \
    .name = "DeadLetterConfig", .kind = MS_API_STRUCTURE, .members = ms_api_dead_letter_members    \
  }

/* What Lambda says of the version; configuration: of the row, NONE: the standards. Owned. */
struct ms_json ms_api_configuration_show(const struct ms_api_call *call,
                                         const struct ms_function_name *name,
                                         struct ms_json configuration);
/*
 * What AWS answers who makes or changes a function: that this is under way. It is done by the time that anybody
 * asks again, so who waits for "Active" and "Successful" waits for one answer. NONE stays what it is.
 */
int ms_api_configuration_say_new(struct ms_json *reply);
int ms_api_configuration_say_changed(struct ms_json *reply);
/* `old` (NONE: a new one) with what the request sets. Owned; NONE: no memory. */
struct ms_json ms_api_configuration_new(struct ms_api_call *call, struct ms_json old);
struct ms_json ms_api_new_revision(struct ms_api_call *call);
/* Adds size and hash of code, and a revision; of a zip they are those of the archive, as it came. */
int ms_api_configuration_code(struct ms_json *configuration, struct ms_api_call *call,
                              struct ms_json code);
/*
 * Loads what an object with Source, ZipFile ... holds, as $LATEST; *code as it is to be kept, owned. handler: data
 * NULL = none. MSTEP_ESTATE: the call has been answered.
 */
int ms_api_code_load(struct ms_json *code, struct ms_api_call *call, struct ms_str function,
                     struct ms_json source, struct ms_str handler);
/*
 * Publishes $LATEST: the row gets the version, *reply what is said of it, code[0] what is to be kept, for which
 * `version` lends its memory. latest_code: that of $LATEST, NONE: it is the one that is kept. When nothing has changed since the last one, *reply is that, and version is "".
 */
int ms_api_publish(struct ms_json *reply, struct ms_json *row, struct ms_invoke_code *code,
                   char version[24], struct ms_api_call *call, const struct ms_function_name *name,
                   struct ms_json latest_code);
/* As ms_api_function_put, with code; what the commit refuses Lua forgets again. */
int ms_api_function_put_code(struct ms_api_call *call, const struct ms_function_name *name,
                             struct ms_json row, struct ms_json reply,
                             const struct ms_invoke_code *codes, size_t count);

/* False: the call has been answered with what is wrong with tags of a function. */
bool ms_api_function_tags_check(struct ms_api_call *call, struct ms_json tags);

#endif
