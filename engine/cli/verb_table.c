/* Requests of the verbs of tables. People write and read plain JSON, DynamoDB wants types beside values. */
#include <string.h>

#include "cli/deploy.h"
#include "cli/verbs.h"

#define DEPTH_MAX 32 /* DynamoDB's own */

/* ---- plain to typed ---- */

struct typing {
  struct ms_text *out;
  unsigned depth;
  size_t count;
};

static void put_typed(struct ms_text *out, mstep_str json, unsigned depth);

static void put_typed_item(mstep_str item, void *user)
{
  struct typing *typing = user;
  ms_text_put(typing->out, typing->count++ > 0 ? "," : "");
  put_typed(typing->out, item, typing->depth + 1);
}

static void put_typed_member(mstep_str name, mstep_str value, void *user)
{
  struct typing *typing = user;
  ms_text_put(typing->out, typing->count++ > 0 ? ",\"" : "\"");
  ms_text_add(typing->out, name.data, name.len);
  ms_text_put(typing->out, "\":");
  put_typed(typing->out, value, typing->depth + 1);
}

static void put_wrapped(struct ms_text *out, const char *before, mstep_str json, const char *after)
{
  ms_text_put(out, before);
  ms_text_add(out, json.data, json.len);
  ms_text_put(out, after);
}

static mstep_str trim(mstep_str json)
{
  while (json.len > 0 && strchr(" \t\r\n", json.data[0]) != NULL) {
    json.data++;
    json.len--;
  }
  while (json.len > 0 && strchr(" \t\r\n", json.data[json.len - 1]) != NULL) {
    json.len--;
  }
  return json;
}

/* The members of an object, each typed, in braces. */
static void put_typed_members(struct ms_text *out, mstep_str json, unsigned depth)
{
  struct typing typing = {out, depth, 0};
  ms_text_put(out, "{");
  ms_text_each_member(json, put_typed_member, &typing);
  ms_text_put(out, "}");
}

static void put_typed(struct ms_text *out, mstep_str json, unsigned depth)
{
  struct typing typing = {out, depth, 0};
  json = trim(json);
  char first = json.len == 0 ? '\0' : json.data[0];
  if (first == '"') {
    put_wrapped(out, "{\"S\":", json, "}");
  } else if (first == 't' || first == 'f') {
    put_wrapped(out, "{\"BOOL\":", json, "}");
  } else if (first == 'n' || depth > DEPTH_MAX) {
    ms_text_put(out, "{\"NULL\":true}");
  } else if (first == '{') {
    ms_text_put(out, "{\"M\":");
    put_typed_members(out, json, depth);
    ms_text_put(out, "}");
  } else if (first == '[') {
    ms_text_put(out, "{\"L\":[");
    ms_text_each(json, put_typed_item, &typing);
    ms_text_put(out, "]}");
  } else {
    put_wrapped(out, "{\"N\":\"", json, "\"}");
  }
}

/* ---- typed to plain ---- */

static void put_plain(struct ms_text *out, mstep_str typed, unsigned depth);

static void put_plain_item(mstep_str item, void *user)
{
  struct typing *typing = user;
  ms_text_put(typing->out, typing->count++ > 0 ? "," : "");
  put_plain(typing->out, item, typing->depth + 1);
}

static void put_plain_member(mstep_str name, mstep_str value, void *user)
{
  struct typing *typing = user;
  ms_text_put(typing->out, typing->count++ > 0 ? ",\"" : "\"");
  ms_text_add(typing->out, name.data, name.len);
  ms_text_put(typing->out, "\":");
  put_plain(typing->out, value, typing->depth + 1);
}

static void put_plain_members(struct ms_text *out, mstep_str json, unsigned depth)
{
  struct typing typing = {out, depth, 0};
  ms_text_put(out, "{");
  ms_text_each_member(json, put_plain_member, &typing);
  ms_text_put(out, "}");
}

static void put_plain_value(mstep_str type, mstep_str value, void *user)
{
  struct typing *typing = user;
  struct typing inner = {typing->out, typing->depth, 0};
  if (type.len == 1 && type.data[0] == 'N') {
    ms_text_value(typing->out, value);
  } else if (type.len == 1 && type.data[0] == 'M' && typing->depth <= DEPTH_MAX) {
    put_plain_members(typing->out, value, typing->depth);
  } else if (type.len == 1 && type.data[0] == 'L' && typing->depth <= DEPTH_MAX) {
    ms_text_put(typing->out, "[");
    ms_text_each(value, put_plain_item, &inner);
    ms_text_put(typing->out, "]");
  } else if (type.len == 4 && memcmp(type.data, "NULL", 4) == 0) {
    ms_text_put(typing->out, "null");
  } else {
    ms_text_add(typing->out, value.data, value.len); /* strings, booleans, sets as they are */
  }
}

static void put_plain(struct ms_text *out, mstep_str typed, unsigned depth)
{
  struct typing typing = {out, depth, 0};
  ms_text_each_member(typed, put_plain_value, &typing);
}

static void print_item(mstep_str item, void *user)
{
  struct ms_text text = {0};
  (void)user;
  put_plain_members(&text, item, 0);
  printf("%s\n", ms_text_str(&text).data);
  ms_text_deinit(&text);
}

void ms_show_items(struct ms_verb_call *call)
{
  struct ms_text items = {0};
  ms_text_member(&items, ms_text_str(&call->client->reply), "Items");
  ms_text_each(ms_text_str(&items), print_item, NULL);
  ms_text_deinit(&items);
}

void ms_show_item(struct ms_verb_call *call)
{
  struct ms_text item = {0};
  if (ms_text_member(&item, ms_text_str(&call->client->reply), "Item")) {
    print_item(ms_text_str(&item), NULL);
  }
  ms_text_deinit(&item);
}

/* ---- requests ---- */

/* The operand, which must be an object; ms_text_each_member stops where it is none. */
static bool read_object(struct ms_text *out, struct ms_verb_call *call, size_t operand)
{
  if (!ms_cli_value(out, call->operands[operand], "item")) {
    return false;
  }
  mstep_str text = trim(ms_text_str(out));
  if (!ms_cli_check_json(text.data, call->operands[operand][0] == '@' ? "file" : "argument")) {
    return false;
  }
  if (text.len < 2 || text.data[0] != '{' || text.data[text.len - 1] != '}') {
    ms_cli_error("not a JSON object: %.*s", (int)(text.len < 200 ? text.len : 200), text.data);
    return false;
  }
  return true;
}

static bool put_object(struct ms_verb_call *call, const char *name)
{
  struct ms_text plain = {0}, typed = {0};
  bool is_fine = read_object(&plain, call, 1);
  if (is_fine) {
    put_typed_members(&typed, ms_text_str(&plain), 0);
    ms_verb_json(call, name, ms_text_str(&typed).data);
  }
  ms_text_deinit(&plain);
  ms_text_deinit(&typed);
  return is_fine;
}

bool ms_build_table(struct ms_verb_call *call)
{
  ms_verb_text(call, "TableName", call->operands[0]);
  return true;
}

bool ms_build_table_key(struct ms_verb_call *call)
{
  return ms_build_table(call) && put_object(call, "Key");
}

bool ms_build_table_put(struct ms_verb_call *call)
{
  return ms_build_table(call) && put_object(call, "Item");
}

struct condition {
  struct ms_text text, names, values;
  size_t count;
};

static void add_condition(mstep_str name, mstep_str value, void *user)
{
  struct condition *c = user;
  const char *comma = c->count > 0 ? "," : "";
  ms_text_printf(&c->text, "%s#k%zu = :v%zu", c->count > 0 ? " AND " : "", c->count, c->count);
  ms_text_printf(&c->names, "%s\"#k%zu\":\"%.*s\"", comma, c->count, (int)name.len, name.data);
  ms_text_printf(&c->values, "%s\":v%zu\":", comma, c->count);
  put_typed(&c->values, value, 0);
  c->count++;
}

bool ms_build_table_query(struct ms_verb_call *call)
{
  struct ms_text key = {0};
  struct condition condition = {.count = 0};
  bool is_fine = ms_build_table(call) && read_object(&key, call, 1);
  if (is_fine) {
    ms_text_put(&condition.names, "{");
    ms_text_put(&condition.values, "{");
    ms_text_each_member(ms_text_str(&key), add_condition, &condition);
    ms_text_put(&condition.names, "}");
    ms_text_put(&condition.values, "}");
    ms_verb_text(call, "KeyConditionExpression", ms_text_str(&condition.text).data);
    ms_verb_json(call, "ExpressionAttributeNames", ms_text_str(&condition.names).data);
    ms_verb_json(call, "ExpressionAttributeValues", ms_text_str(&condition.values).data);
  }
  ms_text_deinit(&key);
  ms_text_deinit(&condition.text);
  ms_text_deinit(&condition.names);
  ms_text_deinit(&condition.values);
  return is_fine;
}

/* ---- new tables ---- */

/* "NAME", "NAME:N" or "NAME:B" as an attribute's definition and a part of the key. False: said. */
static bool put_key(struct ms_text *definitions, struct ms_text *schema, const char *key,
                    const char *kind)
{
  const char *colon = strrchr(key, ':');
  const char *type = colon == NULL ? "S" : colon + 1;
  struct ms_text name = {0};
  if (strlen(type) != 1 || strchr("SNB", type[0]) == NULL || colon == key) {
    ms_cli_error("not a key: \"%s\"", key);
    ms_cli_hint("A key is NAME, NAME:N for numbers or NAME:B for binary.");
    return false;
  }
  ms_text_add(&name, key, colon == NULL ? strlen(key) : (size_t)(colon - key));
  const char *comma = definitions->len > 1 ? "," : "";
  ms_text_printf(definitions, "%s{", comma);
  ms_text_pair(definitions, "AttributeName", ms_text_str(&name).data);
  ms_text_pair(definitions, "AttributeType", type);
  ms_text_put(definitions, "}");
  ms_text_printf(schema, "%s{", comma);
  ms_text_pair(schema, "AttributeName", ms_text_str(&name).data);
  ms_text_pair(schema, "KeyType", kind);
  ms_text_put(schema, "}");
  ms_text_deinit(&name);
  return true;
}

bool ms_build_table_create(struct ms_verb_call *call)
{
  struct ms_text definitions = {0}, schema = {0};
  ms_text_put(&definitions, "[");
  ms_text_put(&schema, "[");
  bool is_fine =
      put_key(&definitions, &schema, call->operands[1], "HASH") &&
      (call->operand_count < 3 || put_key(&definitions, &schema, call->operands[2], "RANGE"));
  ms_text_put(&definitions, "]");
  ms_text_put(&schema, "]");
  ms_build_table(call);
  ms_verb_json(call, "AttributeDefinitions", ms_text_str(&definitions).data);
  ms_verb_json(call, "KeySchema", ms_text_str(&schema).data);
  ms_verb_text(call, "BillingMode", "PAY_PER_REQUEST");
  ms_text_deinit(&definitions);
  ms_text_deinit(&schema);
  return is_fine;
}

void ms_show_table(struct ms_verb_call *call)
{
  struct ms_text table = {0}, arn = {0};
  ms_text_member(&table, ms_text_str(&call->client->reply), "TableDescription");
  ms_text_member(&arn, ms_text_str(&table), "TableArn");
  printf("%s\n", ms_text_str(&arn).data);
  ms_text_deinit(&table);
  ms_text_deinit(&arn);
}
