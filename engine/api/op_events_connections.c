/*
 * Connections of EventBridge: Create-, Update-, Describe-, Deauthorize- and DeleteConnection,
 * ListConnections. A connection is how HTTP tasks show who they are. Its secrets are kept with it and never
 * shown: an answer has what AWS's has.
 */
#include "api/catalog_list.h"
#include "base/error.h"

#define KIND "connection"
#define NAME_MAX_LEN 64

#define PART(member, required, of)                                                                 \
  {                                                                                                \
    .name = member, .kind = MS_API_STRUCTURE, .is_required = required, .members = of               \
  }
#define LIST(member)                                                                               \
  {                                                                                                \
    .name = member, .kind = MS_API_LIST, .is_secret = true, .max = 100,                             \
    .members = parameter_members                                                                   \
  }

static const struct ms_api_member parameter_members[] = {
    MS_MEMBER_TEXT("Key", true, 512),
    MS_MEMBER_SECRET("Value", 512),
    {.name = "IsValueSecret", .kind = MS_API_BOOLEAN},
    MS_MEMBER_END};
static const struct ms_api_member http_members[] = {
    LIST("HeaderParameters"), LIST("QueryStringParameters"), LIST("BodyParameters"), MS_MEMBER_END};
static const struct ms_api_member basic_members[] = {MS_MEMBER_TEXT("Username", true, 512),
                                                     MS_MEMBER_SECRET("Password", 512), MS_MEMBER_END};
static const struct ms_api_member key_members[] = {MS_MEMBER_TEXT("ApiKeyName", true, 512),
                                                   MS_MEMBER_SECRET("ApiKeyValue", 512), MS_MEMBER_END};
static const struct ms_api_member client_members[] = {
    MS_MEMBER_TEXT("ClientID", true, 512), MS_MEMBER_SECRET("ClientSecret", 512), MS_MEMBER_END};
static const struct ms_api_member oauth_members[] = {
    PART("ClientParameters", true, client_members),
    MS_MEMBER_TEXT("AuthorizationEndpoint", true, 2048),
    {.name = "HttpMethod", .kind = MS_API_STRING, .is_required = true, .values = "GET, POST, PUT"},
    PART("OAuthHttpParameters", false, http_members),
    MS_MEMBER_END};
static const struct ms_api_member auth_members[] = {
    PART("BasicAuthParameters", false, basic_members),
    PART("OAuthParameters", false, oauth_members), PART("ApiKeyAuthParameters", false, key_members),
    PART("InvocationHttpParameters", false, http_members), MS_MEMBER_END};

#define TYPES "BASIC, OAUTH_CLIENT_CREDENTIALS, API_KEY"
#define STATES                                                                                     \
  "CREATING, UPDATING, DELETING, AUTHORIZED, DEAUTHORIZED, AUTHORIZING, DEAUTHORIZING, ACTIVE, "   \
  "FAILED_CONNECTIVITY"

static const struct ms_api_member create_members[] = {
    MS_MEMBER_TEXT("Name", true, NAME_MAX_LEN),
    MS_MEMBER_TEXT("Description", false, 512),
    {.name = "AuthorizationType", .kind = MS_API_STRING, .is_required = true, .values = TYPES},
    PART("AuthParameters", true, auth_members),
    MS_MEMBER_END};
static const struct ms_api_member update_members[] = {
    MS_MEMBER_TEXT("Name", true, NAME_MAX_LEN),
    MS_MEMBER_TEXT("Description", false, 512),
    {.name = "AuthorizationType", .kind = MS_API_STRING, .values = TYPES},
    PART("AuthParameters", false, auth_members),
    MS_MEMBER_END};
static const struct ms_api_member name_members[] = {MS_MEMBER_TEXT("Name", true, NAME_MAX_LEN),
                                                    MS_MEMBER_END};
static const struct ms_api_member list_members[] = {
    MS_MEMBER_TEXT("NamePrefix", false, NAME_MAX_LEN),
    {.name = "ConnectionState", .kind = MS_API_STRING, .values = STATES},
    {.name = "Limit", .kind = MS_API_INTEGER, .min = 1, .max = 100},
    MS_MEMBER_TEXT("NextToken", false, 2048),
    MS_MEMBER_END};

/* ---- checks ---- */

/* The part of AuthParameters that belongs to a type. */
static const char *part_of(struct ms_str type)
{
  return ms_str_is(type, "BASIC")     ? "BasicAuthParameters"
         : ms_str_is(type, "API_KEY") ? "ApiKeyAuthParameters"
                                      : "OAuthParameters";
}

/* False: answered. */
static bool check_auth(struct ms_api_call *call, struct ms_str type, struct ms_json auth)
{
  static const char *const parts[] = {"BasicAuthParameters", "ApiKeyAuthParameters",
                                      "OAuthParameters"};
  const char *own = part_of(type);
  for (size_t i = 0; i < 3; i++) {
    bool is_given = ms_json_is_object(ms_json_getc(auth, parts[i]));
    bool is_wanted = strcmp(parts[i], own) == 0;
    if (is_given != is_wanted) {
      ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                    "Parameter AuthParameters is not valid. Reason: %s has to be given for "
                    "authorization type %.*s, and nothing else.",
                    own, MS_STR_ARG(type));
      return false;
    }
  }
  struct ms_str endpoint =
      ms_json_text(ms_json_getc(ms_json_getc(auth, "OAuthParameters"), "AuthorizationEndpoint"));
  if (endpoint.len > 0 && !ms_str_has_prefix(endpoint, "https://") &&
      !ms_str_has_prefix(endpoint, "http://")) {
    ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                  "Parameter AuthorizationEndpoint is not valid. Reason: %.*s is not a URL.",
                  MS_STR_ARG(endpoint));
    return false;
  }
  return true;
}

static bool check_name(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "Name");
  for (size_t i = 0; i < name.len; i++) {
    char c = ms_ascii_lower(name.data[i]);
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && strchr(".-_", c) == NULL) {
      ms_api_fail_f(
          call, MS_API_ERROR_VALIDATION,
          "1 validation error detected: Value '%.*s' at 'name' failed to satisfy constraint: "
          "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
          MS_STR_ARG(name));
      return false;
    }
  }
  return true;
}

/* NONE: answered. */
static struct ms_json find(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "Name");
  struct ms_json there = ms_catalog_get(ms_api_engine(call), KIND, name);
  if (ms_json_is_none(there)) {
    ms_api_fail_f(call, MS_API_ERROR_EVENTS_NOT_FOUND,
                  "Failed to describe the connection(s). Connection '%.*s' does not exist.",
                  MS_STR_ARG(name));
  }
  return there;
}

/* ---- what is shown ---- */

/* Takes value; NONE leaves *object as it is. */
static int put_part(struct ms_json *object, const char *name, bool is_given, struct ms_json value)
{
  if (!is_given) {
    ms_json_unref(value);
    return MSTEP_OK;
  }
  return ms_json_setc(object, name, value);
}

/* [{Key, Value, IsValueSecret}] without the values that are secret. */
static struct ms_json shown_parameters(struct ms_json list)
{
  static const char *const open_names[] = {"Key", "Value", NULL}, *const secret_names[] = {"Key",
                                                                                           NULL};
  struct ms_json out = ms_json_array(ms_json_count(list));
  int err = MSTEP_OK;
  for (size_t i = 0; i < ms_json_count(list) && err == 0; i++) {
    struct ms_json from = ms_json_at(list, i);
    bool is_secret = ms_json_is_true(ms_json_getc(from, "IsValueSecret"));
    struct ms_json item = ms_api_pick(from, is_secret ? secret_names : open_names);
    err = ms_json_setc(&item, "IsValueSecret", ms_json_bool(is_secret));
    if (err == 0) {
      err = ms_json_push(&out, item);
    } else {
      ms_json_unref(item);
    }
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static struct ms_json shown_http(struct ms_json http)
{
  static const char *const names[] = {"HeaderParameters", "QueryStringParameters",
                                      "BodyParameters"};
  struct ms_json out = ms_json_object(3);
  int err = MSTEP_OK;
  for (size_t i = 0; i < 3 && err == 0; i++) {
    struct ms_json list = ms_json_getc(http, names[i]);
    if (ms_json_is_array(list)) {
      err = ms_json_setc(&out, names[i], shown_parameters(list));
    }
  }
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static struct ms_json shown_oauth(struct ms_json oauth)
{
  static const char *const names[] = {"AuthorizationEndpoint", "HttpMethod", NULL};
  static const char *const client_names[] = {"ClientID", NULL};
  struct ms_json http = ms_json_getc(oauth, "OAuthHttpParameters");
  struct ms_json out = ms_api_pick(oauth, names);
  int err = ms_json_setc(&out, "ClientParameters",
                         ms_api_pick(ms_json_getc(oauth, "ClientParameters"), client_names));
  err = err != 0 ? err
                 : put_part(&out, "OAuthHttpParameters", ms_json_is_object(http), shown_http(http));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static struct ms_json shown_auth(struct ms_json auth)
{
  static const char *const basic_names[] = {"Username", NULL}, *const key_names[] = {"ApiKeyName",
                                                                                     NULL};
  struct ms_json basic = ms_json_getc(auth, "BasicAuthParameters");
  struct ms_json key = ms_json_getc(auth, "ApiKeyAuthParameters");
  struct ms_json oauth = ms_json_getc(auth, "OAuthParameters");
  struct ms_json http = ms_json_getc(auth, "InvocationHttpParameters");
  struct ms_json out = ms_json_object(2);
  int err =
      put_part(&out, "BasicAuthParameters", ms_json_is_object(basic), ms_api_pick(basic, basic_names));
  err = err != 0
            ? err
            : put_part(&out, "ApiKeyAuthParameters", ms_json_is_object(key), ms_api_pick(key, key_names));
  err = err != 0 ? err
                 : put_part(&out, "OAuthParameters", ms_json_is_object(oauth), shown_oauth(oauth));
  err = err != 0
            ? err
            : put_part(&out, "InvocationHttpParameters", ms_json_is_object(http), shown_http(http));
  if (err != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

/* ---- create, update ---- */

/* "arn:aws:events:REGION:ACCOUNT:connection/NAME/UUID"; the id is the engine's next one. */
static int put_arns(struct ms_json *connection, struct ms_api_call *call)
{
  char arn[MS_ENGINE_ARN_SIZE], id[37];
  struct ms_str name = ms_api_text(call, "Name");
  ms_engine_uuid(id, ms_api_engine(call));
  int err = ms_engine_arn(arn, ms_api_engine(call), "x", name);
  if (err != 0) {
    return err;
  }
  struct ms_str region = ms_api_arn_part(ms_str_c(arn), 3),
                account = ms_api_arn_part(ms_str_c(arn), 4);
  err =
      ms_json_setc(connection, "ConnectionArn",
                   ms_json_stringf("arn:aws:events:%.*s:%.*s:connection/%.*s/%s",
                                   MS_STR_ARG(region), MS_STR_ARG(account), MS_STR_ARG(name), id));
  return err != 0
             ? err
             : ms_json_setc(connection, "SecretArn",
                            ms_json_stringf(
                                "arn:aws:secretsmanager:%.*s:%.*s:secret:events!connection/"
                                "%.*s/%s-%.6s",
                                MS_STR_ARG(region), MS_STR_ARG(account), MS_STR_ARG(name), id, id));
}

static int put_times(struct ms_json *connection, struct ms_api_call *call, bool is_new)
{
  struct ms_json now = ms_api_date(ms_engine_now_ms(ms_api_engine(call)));
  int err = is_new ? ms_json_setc(connection, "CreationTime", now) : MSTEP_OK;
  err = err != 0 ? err : ms_json_setc(connection, "LastModifiedTime", now);
  return err != 0 ? err : ms_json_setc(connection, "LastAuthorizedTime", now);
}

static int answer(struct ms_api_call *call, struct ms_json connection, bool is_new)
{
  static const char *const names[] = {"ConnectionArn",    "ConnectionState",    "CreationTime",
                                      "LastModifiedTime", "LastAuthorizedTime", NULL};
  struct ms_json reply = ms_api_pick(connection, names);
  if (is_new && !ms_json_is_none(reply)) {
    ms_json_remove(&reply, MS_STR("LastAuthorizedTime"));
  }
  return ms_api_finish(call, reply);
}

/* Takes connection. */
static int keep(struct ms_api_call *call, struct ms_json connection, bool is_new)
{
  static const char *const given[] = {"Name", "Description", "AuthorizationType", "AuthParameters",
                                      NULL};
  int err = ms_api_copy(&connection, call, given);
  err = err != 0 ? err : put_times(&connection, call, is_new);
  err =
      err != 0 ? err : ms_json_setc(&connection, "ConnectionState", ms_json_cstring("AUTHORIZED"));
  err = err != 0 ? err
                 : ms_catalog_put(ms_api_engine(call), KIND, ms_api_text(call, "Name"),
                                  ms_json_ref(connection));
  err = err != 0 ? err : answer(call, connection, is_new);
  ms_json_unref(connection);
  return err;
}

static int create(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "Name");
  if (!check_name(call) || !check_auth(call, ms_api_text(call, "AuthorizationType"),
                                       ms_api_get(call, "AuthParameters"))) {
    return MSTEP_OK;
  }
  if (!ms_json_is_none(ms_catalog_get(ms_api_engine(call), KIND, name))) {
    return ms_api_fail_f(call, MS_API_ERROR_EVENTS_EXISTS, "Connection %.*s already exists.",
                         MS_STR_ARG(name));
  }
  struct ms_json connection = ms_json_object(10);
  int err = put_arns(&connection, call);
  if (err != 0) {
    ms_json_unref(connection);
    return err;
  }
  return keep(call, connection, true);
}

const struct ms_op ms_op_events_create_connection = {create_members, create};

static int update(struct ms_api_call *call)
{
  struct ms_json there = find(call);
  if (ms_json_is_none(there)) {
    return MSTEP_OK;
  }
  struct ms_str type = ms_api_text(call, "AuthorizationType");
  struct ms_json auth = ms_api_get(call, "AuthParameters");
  type = type.data == NULL ? ms_json_text(ms_json_getc(there, "AuthorizationType")) : type;
  auth = ms_json_is_none(auth) ? ms_json_getc(there, "AuthParameters") : auth;
  return check_auth(call, type, auth) ? keep(call, ms_json_ref(there), false) : MSTEP_OK;
}

const struct ms_op ms_op_events_update_connection = {update_members, update};

/* ---- describe, deauthorize, delete ---- */

static int describe(struct ms_api_call *call)
{
  static const char *const names[] = {
      "ConnectionArn",      "Name",      "Description",  "ConnectionState",
      "AuthorizationType",  "SecretArn", "CreationTime", "LastModifiedTime",
      "LastAuthorizedTime", NULL};
  struct ms_json there = find(call);
  if (ms_json_is_none(there)) {
    return MSTEP_OK;
  }
  struct ms_json reply = ms_api_pick(there, names);
  if (ms_json_setc(&reply, "AuthParameters", shown_auth(ms_json_getc(there, "AuthParameters"))) !=
      0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_reply_json(call, reply);
}

const struct ms_op ms_op_events_describe_connection = {name_members, describe};

/* The secrets are forgotten; an update brings new ones. */
static int deauthorize(struct ms_api_call *call)
{
  struct ms_json there = find(call);
  if (ms_json_is_none(there)) {
    return MSTEP_OK;
  }
  struct ms_json connection = ms_json_ref(there);
  int err = ms_json_setc(&connection, "AuthParameters",
                         shown_auth(ms_json_getc(there, "AuthParameters")));
  err = err != 0 ? err
                 : ms_json_setc(&connection, "ConnectionState", ms_json_cstring("DEAUTHORIZED"));
  err = err != 0 ? err
                 : ms_catalog_put(ms_api_engine(call), KIND, ms_api_text(call, "Name"),
                                  ms_json_ref(connection));
  err = err != 0 ? err : answer(call, connection, false);
  ms_json_unref(connection);
  return err;
}

const struct ms_op ms_op_events_deauthorize_connection = {name_members, deauthorize};

static int delete_connection(struct ms_api_call *call)
{
  struct ms_json there = find(call);
  if (ms_json_is_none(there)) {
    return MSTEP_OK;
  }
  struct ms_json connection = ms_json_ref(there);
  int err = ms_json_setc(&connection, "ConnectionState", ms_json_cstring("DELETING"));
  err = err != 0 ? err : ms_catalog_remove(ms_api_engine(call), KIND, ms_api_text(call, "Name"));
  err = err != 0 ? err : answer(call, connection, false);
  ms_json_unref(connection);
  return err;
}

const struct ms_op ms_op_events_delete_connection = {name_members, delete_connection};

/* ---- list ---- */

static bool is_wanted(const struct ms_api_call *call, struct ms_str name, struct ms_json connection)
{
  struct ms_str prefix = ms_api_text(call, "NamePrefix");
  struct ms_str state = ms_api_text(call, "ConnectionState");
  return ms_str_eq(ms_str_sub(name, 0, prefix.len), prefix) &&
         (state.data == NULL ||
          ms_str_eq(ms_json_text(ms_json_getc(connection, "ConnectionState")), state));
}

static struct ms_json item(struct ms_str name, struct ms_json connection)
{
  static const char *const names[] = {"ConnectionArn",      "Name",
                                      "ConnectionState",    "AuthorizationType",
                                      "CreationTime",       "LastModifiedTime",
                                      "LastAuthorizedTime", NULL};
  (void)name;
  return ms_api_pick(connection, names);
}

static int list(struct ms_api_call *call)
{
  static const struct ms_api_catalog_list connections = {KIND, "Connections", is_wanted,
                                                         item, "Limit",       "NextToken"};
  return ms_api_catalog_list(call, &connections);
}

const struct ms_op ms_op_events_list_connections = {list_members, list};
