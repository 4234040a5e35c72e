/* TransactWriteItems and TransactGetItems: all of it in one commit, or nothing. */
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "messaging/resource.h"
#include "messaging/table_item.h"
#include "messaging/table_many.h"

#define ITEMS_MAX 100
#define BYTES_MAX ((size_t)4 << 20)
#define TOKEN_MS ((int64_t)10 * 60 * 1000)

static int check_count(struct ms_json entries, struct ms_queue_refusal *why)
{
  size_t count = ms_json_count(entries);
  if (count == 0 || count > ITEMS_MAX) {
    return ms_table_invalid(
        why,
        "1 validation error detected: Value at 'transactItems' failed to satisfy "
        "constraint: Member must have length %s",
        count == 0 ? "greater than or equal to 1" : "less than or equal to 100");
  }
  return MSTEP_OK;
}

static int add_entry(struct ms_table_many *many, struct ms_tables *tables, struct ms_json entry,
                     bool is_get, struct ms_queue_refusal *why)
{
  static const struct {
    const char *name;
    enum ms_table_intent intent;
  } kinds[] = {{"Get", MS_TABLE_GET},
               {"Put", MS_TABLE_PUT},
               {"Update", MS_TABLE_UPDATE},
               {"Delete", MS_TABLE_DELETE},
               {"ConditionCheck", MS_TABLE_CHECK}};
  size_t kind = 0, count = 0;
  for (size_t i = is_get ? 0 : 1; i < (is_get ? 1 : sizeof kinds / sizeof *kinds); i++) {
    if (ms_json_is_object(ms_json_getc(entry, kinds[i].name))) {
      kind = i;
      count++;
    }
  }
  if (count != 1) {
    return ms_table_invalid(why,
                            "TransactItems can only contain one of Check, Put, Update or Delete");
  }
  struct ms_json request = ms_json_getc(entry, kinds[kind].name);
  int err = ms_table_many_add(many, tables, request, kinds[kind].intent, why);
  if (err == 0 && kinds[kind].intent == MS_TABLE_CHECK &&
      many->items[many->count - 1].condition == NULL) {
    err = ms_table_invalid(why, "1 validation error detected: Value null at 'transactItems.member."
                                "conditionCheck.conditionExpression' failed to satisfy constraint: "
                                "Member must not be null");
  }
  return err;
}

static int add_all(struct ms_table_many *many, struct ms_tables *tables, struct ms_json request,
                   bool is_get, struct ms_queue_refusal *why)
{
  struct ms_json entries = ms_json_getc(request, "TransactItems");
  int err = ms_table_many_init(many, ms_json_count(entries));
  err = err != 0 ? err : check_count(entries, why);
  for (size_t i = 0; i < ms_json_count(entries) && err == 0; i++) {
    err = add_entry(many, tables, ms_json_at(entries, i), is_get, why);
  }
  err = err != 0
            ? err
            : ms_table_many_check(
                  many, "Transaction request cannot include multiple operations on one item", why);
  return err;
}

/* ---- why it was cancelled ---- */

/* One of CancellationReasons; why NULL: nothing was wrong with that item. */
static struct ms_json reason_of(const struct ms_table_item *item,
                                const struct ms_queue_refusal *why)
{
  struct ms_json out = ms_json_object(3);
  bool is_condition = why != NULL && strcmp(why->name, "ConditionalCheckFailedException") == 0;
  int err = ms_json_setc(
      &out, "Code",
      ms_json_cstring(why == NULL ? "None"
                                  : (is_condition ? "ConditionalCheckFailed" : "ValidationError")));
  if (why != NULL) {
    err |= ms_json_setc(&out, "Message", ms_json_stringf("%s", why->text));
  }
  if (is_condition && item->shows_old && !ms_json_is_none(item->old)) {
    err |= ms_json_setc(&out, "Item", ms_json_ref(item->old));
  }
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

static int cancel(struct ms_json *reply, struct ms_json reasons, struct ms_queue_refusal *why)
{
  char list[400];
  size_t len = 0;
  list[0] = '\0';
  for (size_t i = 0; i < ms_json_count(reasons) && len + 30 < sizeof list; i++) {
    struct ms_str code = ms_table_text(ms_json_at(reasons, i), "Code");
    len += (size_t)snprintf(list + len, sizeof list - len, "%s%.*s", i == 0 ? "" : ", ",
                            MS_STR_ARG(code));
  }
  *reply = ms_json_object(1);
  int err = ms_json_setc(reply, "CancellationReasons", ms_json_ref(reasons));
  return err != 0
             ? err
             : ms_refuse(why, "TransactionCanceledException",
                         "Transaction cancelled, please refer cancellation reasons for specific "
                         "reasons [%s]",
                         list);
}

static int decide_all(struct ms_table_many *many, struct ms_json *reply,
                      struct ms_queue_refusal *why)
{
  struct ms_json reasons = ms_json_array(many->count);
  bool is_cancelled = false;
  size_t bytes = 0;
  int err = MSTEP_OK;
  for (size_t i = 0; i < many->count && err == 0; i++) {
    struct ms_queue_refusal one = {.name = NULL};
    err = ms_table_item_decide(&many->items[i], &one);
    bool is_refused = err == MSTEP_EINVALID && one.name != NULL;
    if (err == 0 || is_refused) {
      err = ms_json_push(&reasons, reason_of(&many->items[i], is_refused ? &one : NULL));
    }
    is_cancelled = is_cancelled || is_refused;
    bytes += ms_table_item_size(many->items[i].new_item);
  }
  if (err == 0 && is_cancelled) {
    err = cancel(reply, reasons, why);
  } else if (err == 0 && bytes > BYTES_MAX) {
    err = ms_table_invalid(why, "Aggregate size of all items in the transaction has exceeded the "
                                "maximum allowed size");
  }
  ms_json_unref(reasons);
  return err;
}

/* ---- the same transaction again ---- */

static struct ms_table_ticket token_of(const struct ms_tables *tables, struct ms_json request)
{
  struct ms_str token = ms_table_text(request, "ClientRequestToken");
  return (struct ms_table_ticket){.at_ms = ms_loop_now_ms(tables->env->loop),
                                 .token = token.len == 0 ? 0 : ms_hash(token, 7) | 1,
                                 .request =
                                     ms_json_hash(ms_json_getc(request, "TransactItems"), 7)};
}

/* *is_again: it has been carried out. In memory: a restart forgets it. */
static int check_token(bool *is_again, const struct ms_tables *tables,
                       const struct ms_table_ticket *token, struct ms_queue_refusal *why)
{
  *is_again = false;
  for (size_t i = 0; token->token != 0 && i < MS_TABLE_TOKENS_MAX; i++) {
    const struct ms_table_ticket *one = &tables->tokens[i];
    if (one->token != token->token || one->at_ms + TOKEN_MS <= token->at_ms) {
      continue;
    }
    *is_again = one->request == token->request;
    return *is_again ? MSTEP_OK
                     : ms_refuse(why, "IdempotentParameterMismatchException",
                                 "The provided client token is already in use with a different "
                                 "request.");
  }
  return MSTEP_OK;
}

int ms_table_transact_write(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                            struct ms_queue_refusal *why)
{
  struct ms_table_many many;
  struct ms_table_ticket token = token_of(tables, request);
  bool is_again = false;
  int err = add_all(&many, tables, request, false, why);
  err = err != 0 ? err : check_token(&is_again, tables, &token, why);
  err = err != 0 || is_again ? err : decide_all(&many, reply, why);
  if (err == 0) {
    *reply = ms_json_object(1);
    err = ms_table_many_capacity(reply, request, &many, 2);
  }
  err = err == 0 && ms_json_is_none(*reply) ? ms_error_nomem() : err;
  err = err != 0 || is_again ? err : ms_table_many_save(&many, tables);
  if (err == 0 && !is_again && token.token != 0) {
    tables->tokens[tables->next_token++ % MS_TABLE_TOKENS_MAX] = token;
  }
  ms_table_many_deinit(&many);
  return err;
}

int ms_table_transact_get(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why)
{
  struct ms_table_many many;
  struct ms_json responses = ms_json_array(0);
  int err = add_all(&many, tables, request, true, why);
  for (size_t i = 0; i < many.count && err == 0; i++) {
    struct ms_json entry = ms_json_object(1);
    err = ms_table_item_decide(&many.items[i], why);
    tables->read += err == 0;
    struct ms_json shown =
        err == 0 ? ms_table_item_shown(&many.items[i], &err) : MS_JSON_VALUE_NONE;
    if (err == 0 && !ms_json_is_none(shown)) {
      err = ms_json_setc(&entry, "Item", shown);
    }
    err = err != 0 ? (ms_json_unref(entry), err) : ms_json_push(&responses, entry);
  }
  *reply = ms_json_object(2);
  int set = ms_json_setc(reply, "Responses", responses);
  err = err != 0 ? err : set;
  err = err != 0 ? err : ms_table_many_capacity(reply, request, &many, 0);
  ms_table_many_deinit(&many);
  return err;
}
