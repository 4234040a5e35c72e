/* Operations of tables as texts: single quotes stand for double ones. */
#ifndef TABLE_HOST_H
#define TABLE_HOST_H

#include <string.h>

#include "messaging/table.h"

#include "driver_host.h"

struct table_step {
  const char *operation, *request;
  const char *answer; /* exactly; "*text": has it; "!text": has it not */
};

static inline char *table_quoted(const char *text)
{
  char *out = mt_format("%s", text);
  for (char *at = out; *at != '\0'; at++) {
    *at = *at == '\'' ? '"' : *at;
  }
  return out;
}

static inline ms_table_operation table_operation(const char *name)
{
#define MS_TABLE_OP(operation, service, symbol)                                                    \
  if (strcmp(name, #operation) == 0) {                                                             \
    return symbol;                                                                                 \
  }
#include "messaging/tables.def"
#undef MS_TABLE_OP
  mt_fail("no operation %s", name);
}

/* What it answers: JSON, or "Name: text", with what the error has besides. */
static inline int table_try(struct driver_host *host, const char *operation, const char *request,
                            char **out)
{
  struct ms_json asked, reply = MS_JSON_VALUE_NONE;
  struct ms_queue_refusal why = {.name = NULL};
  struct ms_buf text;
  int err = ms_json_parse(&asked, ms_str_c(request), NULL, NULL);
  if (err != 0) {
    return err;
  }
  err = table_operation(operation)(host->driver, asked, &reply, &why);
  ms_json_unref(asked);
  if (out != NULL) {
    ms_buf_init(&text, 0);
    ms_json_print(&text, reply);
    *out = err == 0 ? mt_format("%.*s", MS_STR_ARG(ms_buf_view(&text)))
                    : mt_format("%s: %s%s%.*s", why.name == NULL ? ms_error_text(err) : why.name,
                                why.text, ms_json_count(reply) > 0 ? " " : "",
                                ms_json_count(reply) > 0 ? (int)text.len : 0,
                                text.data == NULL ? "" : text.data);
    ms_buf_deinit(&text);
  }
  ms_json_unref(reply);
  return err;
}

static inline char *table_ask(struct driver_host *host, const char *operation, const char *request)
{
  char *out = NULL;
  table_try(host, operation, table_quoted(request), &out);
  return out;
}

static inline void table_step(struct driver_host *host, const struct table_step *step)
{
  const char *answer = table_quoted(table_ask(host, step->operation, step->request));
  const char *expected = table_quoted(step->answer);
  bool is_part = expected[0] == '*' || expected[0] == '!';
  bool is_fine = is_part ? (strstr(answer, expected + 1) != NULL) == (expected[0] == '*')
                         : strcmp(answer, expected) == 0;
  if (!is_fine) {
    mt_report("%s %s\n  gave   %s\n  wanted %s", step->operation, step->request, answer, expected);
  }
}

/* Closes and opens the driver on the same store. */
static inline void table_reopen(struct driver_host *host)
{
  host_run(host);
  host->type->close(host->driver);
  mt_eq_int(host_reopen(host), 0);
}

/* All steps: without a store; with one; with one from which all is read back after each step. */
static inline void table_steps(const struct table_step *steps, size_t count)
{
  for (unsigned mode = 0; mode < 3; mode++) {
    struct driver_host host;
    mt_eq_int(host_open(&host, &ms_tables_driver, mode == 0 ? NULL : "memory:"), 0);
    for (size_t i = 0; i < count; i++) {
      table_step(&host, &steps[i]);
      if (mode == 2) {
        table_reopen(&host);
      }
    }
    host_run(&host);
    host_close(&host);
  }
}

#define TABLE_STEPS(...)                                                                           \
  do {                                                                                             \
    static const struct table_step steps[] = {__VA_ARGS__};                                        \
    table_steps(steps, sizeof steps / sizeof *steps);                                              \
  } while (0)

#define TABLE_BY_ID                                                                                \
  {                                                                                                \
    "CreateTable",                                                                                 \
        "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':["              \
        "{'AttributeName':'id','AttributeType':'S'}],'KeySchema':[{'AttributeName':'id',"          \
        "'KeyType':'HASH'}]}",                                                                     \
        "*'TableStatus':'CREATING'"                                                                \
  }

#define TABLE_BY_RANGE(type)                                                                       \
  {                                                                                                \
    "CreateTable",                                                                                 \
        "{'TableName':'tab','BillingMode':'PAY_PER_REQUEST','AttributeDefinitions':["              \
        "{'AttributeName':'id','AttributeType':'S'},{'AttributeName':'r','AttributeType':'" type   \
        "'}],'KeySchema':[{'AttributeName':'id','KeyType':'HASH'},{'AttributeName':'r',"           \
        "'KeyType':'RANGE'}]}",                                                                    \
        "*'TableStatus':'CREATING'"                                                                \
  }

#endif
