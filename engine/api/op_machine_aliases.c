/*
 * Aliases of state machines: Create-, Update-, Describe- and DeleteStateMachineAlias, ListStateMachineAliases.
 * An alias leads to one or two versions of one machine, by weights; starting by it is the runtime's.
 */
#include "api/catalog_list.h"
#include "base/error.h"

#define KIND "alias"
#define ROUTES_MAX 2
#define ALIASES_MAX 100 /* of one machine */

static const struct ms_api_member route_members[] = {
    MS_MEMBER_ARN("stateMachineVersionArn", true),
    {.name = "weight", .kind = MS_API_INTEGER, .is_required = true, .max = 100},
    MS_MEMBER_END};

static const struct ms_api_member create_members[] = {
    {.name = "description", .kind = MS_API_STRING, .max = 256},
    {.name = "name", .kind = MS_API_STRING, .is_required = true, .min = 1, .max = MS_API_NAME_MAX},
    {.name = "routingConfiguration",
     .kind = MS_API_LIST,
     .is_required = true,
     .min = 1,
     .members = route_members},
    MS_MEMBER_END};

static const struct ms_api_member update_members[] = {
    MS_MEMBER_ARN("stateMachineAliasArn", true),
    {.name = "description", .kind = MS_API_STRING, .max = 256},
    {.name = "routingConfiguration", .kind = MS_API_LIST, .min = 1, .members = route_members},
    MS_MEMBER_END};

static const struct ms_api_member arn_members[] = {MS_MEMBER_ARN("stateMachineAliasArn", true),
                                                   MS_MEMBER_END};

static const struct ms_api_member list_members[] = {MS_MEMBER_ARN("stateMachineArn", true),
                                                    MS_MEMBER_MAX_RESULTS, MS_MEMBER_NEXT_TOKEN,
                                                    MS_MEMBER_END};

/* ---- the routing configuration ---- */

static struct ms_str version_at(struct ms_json routes, size_t i)
{
  return ms_json_text(ms_json_getc(ms_json_at(routes, i), "stateMachineVersionArn"));
}

static int64_t weight_at(struct ms_json routes, size_t i)
{
  int64_t weight = 0;
  ms_json_to_int(&weight, ms_json_getc(ms_json_at(routes, i), "weight"));
  return weight;
}

/* "ARN, ARN" or "70, 30". */
static void print_received(struct ms_buf *out, struct ms_json routes, bool has_weights)
{
  for (size_t i = 0; i < ms_json_count(routes); i++) {
    ms_buf_cstr(out, i == 0 ? "" : ", ");
    if (has_weights) {
      ms_buf_printf(out, "%d", (int)weight_at(routes, i));
    } else {
      ms_buf_str(out, version_at(routes, i));
    }
  }
}

static bool refuse(struct ms_api_call *call, const char *what, struct ms_json routes,
                   bool has_weights)
{
  struct ms_buf received;
  ms_buf_init(&received, 0);
  print_received(&received, routes, has_weights);
  ms_api_fail_f(call, MS_API_ERROR_VALIDATION, "%s Received: [%.*s]", what,
                MS_STR_ARG(ms_buf_view(&received)));
  ms_buf_deinit(&received);
  return false;
}

/* In the words of AWS's own check of lengths. */
static bool refuse_count(struct ms_api_call *call, struct ms_json routes)
{
  struct ms_buf text;
  ms_buf_init(&text, 0);
  for (size_t i = 0; i < ms_json_count(routes); i++) {
    ms_buf_printf(&text, "%sRoutingConfigurationListItem(stateMachineVersionArn=%.*s, weight=%d)",
                  i == 0 ? "" : ", ", MS_STR_ARG(version_at(routes, i)), (int)weight_at(routes, i));
  }
  ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                "1 validation error detected: Value '[%.*s]' at 'routingConfiguration' failed to "
                "satisfy constraint: Member must have length less than or equal to %d",
                MS_STR_ARG(ms_buf_view(&text)), ROUTES_MAX);
  ms_buf_deinit(&text);
  return false;
}

static struct ms_json version_of(struct ms_api_call *call, struct ms_json routes, size_t i)
{
  return ms_catalog_get(ms_api_engine(call), "version", version_at(routes, i));
}

/* ARN:NUMBER: one colon more than the ARN of a machine. */
static bool is_version_arn(struct ms_str arn)
{
  struct ms_str rest = ms_api_arn_rest(arn);
  size_t colon = ms_str_find(rest, 0, ':');
  bool is_number = colon + 1 < rest.len;
  for (size_t i = colon + 1; i < rest.len; i++) {
    is_number = is_number && rest.data[i] >= '0' && rest.data[i] <= '9';
  }
  return is_number;
}

/* False: answered. *machine is the one whose versions they are. */
static bool check_routes(struct ms_api_call *call, struct ms_json routes, struct ms_json *machine)
{
  int64_t sum = 0;
  size_t count = ms_json_count(routes);
  if (count > ROUTES_MAX) {
    return refuse_count(call, routes);
  }
  for (size_t i = 0; i < count; i++) {
    sum += weight_at(routes, i);
    if (!is_version_arn(version_at(routes, i))) {
      return refuse(call, "Routing configuration must contain state machine version ARNs.", routes,
                    false);
    }
  }
  if (count == 2 && ms_str_eq(version_at(routes, 0), version_at(routes, 1))) {
    return refuse(call, "Routing configuration must contain distinct state machine version ARNs.",
                  routes, false);
  }
  if (sum != 100) {
    return refuse(call, "Sum of routing configuration weights must equal 100.", routes, true);
  }
  for (size_t i = 0; i < count; i++) {
    struct ms_json of = ms_json_getc(version_of(call, routes, i), "machine");
    if (ms_json_is_none(of)) {
      ms_api_fail(call, MS_API_ERROR_STEP_RESOURCE_NOT_FOUND,
                  MS_STR("Request references a resource that does not exist."));
      return false;
    }
    if (i > 0 && !ms_json_equal(of, *machine)) {
      return refuse(call, "Routing configuration must contain versions of one state machine.",
                    routes, false);
    }
    *machine = of;
  }
  return true;
}

/* ---- create ---- */

static bool is_alias_name(struct ms_str name)
{
  bool has_other = false;
  for (size_t i = 0; i < name.len; i++) {
    char c = ms_ascii_lower(name.data[i]);
    bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && !(c >= 'a' && c <= 'z') && c != '-' && c != '_' && c != '.') {
      return false;
    }
    has_other = has_other || !is_digit;
  }
  return has_other;
}

static struct ms_json make_alias(struct ms_api_call *call, struct ms_json machine)
{
  struct ms_json alias = ms_api_object("machine", ms_json_ref(machine));
  struct ms_json now = ms_api_date(ms_engine_now_ms(ms_api_engine(call)));
  static const char *const given[] = {"name", "description", "routingConfiguration"};
  int err = ms_json_setc(&alias, "creationDate", now);
  err = err != 0 ? err : ms_json_setc(&alias, "updateDate", ms_json_ref(now));
  for (size_t i = 0; i < 3 && err == 0; i++) {
    if (ms_api_has(call, given[i])) {
      err = ms_json_setc(&alias, given[i], ms_json_ref(ms_api_get(call, given[i])));
    }
  }
  if (err != 0) {
    ms_json_replace(&alias, MS_JSON_VALUE_NONE);
  }
  return alias;
}

static int answer_created(struct ms_api_call *call, struct ms_str arn, struct ms_json alias)
{
  struct ms_json reply = ms_api_object("stateMachineAliasArn", ms_json_string(arn));
  if (ms_json_setc(&reply, "creationDate", ms_json_ref(ms_json_getc(alias, "creationDate"))) != 0) {
    ms_json_unref(reply);
    return ms_error_nomem();
  }
  return ms_api_finish(call, reply);
}

static size_t count_of(struct ms_api_call *call, struct ms_json machine)
{
  size_t count = 0;
  struct ms_str name;
  struct ms_json alias;
  for (uint64_t at = 0; ms_catalog_next(&name, &alias, &at, ms_api_engine(call), KIND);) {
    count += ms_json_equal(ms_json_getc(alias, "machine"), machine);
  }
  return count;
}

static int create_as(struct ms_api_call *call, struct ms_str arn, struct ms_json machine)
{
  struct ms_engine *engine = ms_api_engine(call);
  struct ms_json there = ms_catalog_get(engine, KIND, arn);
  if (!ms_json_is_none(there)) {
    bool is_same = ms_json_equal(ms_json_getc(there, "routingConfiguration"),
                                 ms_api_get(call, "routingConfiguration")) &&
                   ms_str_eq(ms_json_text(ms_json_getc(there, "description")),
                             ms_api_text(call, "description"));
    return is_same ? answer_created(call, arn, there)
                   : ms_api_fail(
                         call, MS_API_ERROR_STEP_CONFLICT,
                         MS_STR("Failed to create alias because an alias with the same name and "
                                "a different routing configuration already exists."));
  }
  if (count_of(call, machine) >= ALIASES_MAX) {
    return ms_api_fail(call, MS_API_ERROR_SERVICE_QUOTA_EXCEEDED,
                       MS_STR("A state machine can have 100 aliases."));
  }
  struct ms_json alias = make_alias(call, machine);
  if (ms_json_is_none(alias)) {
    return ms_error_nomem();
  }
  int err = ms_catalog_put(engine, KIND, arn, ms_json_ref(alias));
  err = err != 0 ? err : answer_created(call, arn, alias);
  ms_json_unref(alias);
  return err;
}

static int create(struct ms_api_call *call)
{
  struct ms_str name = ms_api_text(call, "name");
  struct ms_json machine = MS_JSON_VALUE_NONE;
  if (!is_alias_name(name)) {
    return ms_api_fail_f(call, MS_API_ERROR_VALIDATION,
                         "1 validation error detected: Value '%.*s' at 'name' failed to satisfy "
                         "constraint: Member must satisfy regular expression pattern: "
                         "^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$",
                         MS_STR_ARG(name));
  }
  if (!check_routes(call, ms_api_get(call, "routingConfiguration"), &machine)) {
    return MSTEP_OK;
  }
  struct ms_json arn =
      ms_json_stringf("%.*s:%.*s", MS_STR_ARG(ms_json_text(machine)), MS_STR_ARG(name));
  int err = ms_json_is_none(arn) ? ms_error_nomem() : create_as(call, ms_json_text(arn), machine);
  ms_json_unref(arn);
  return err;
}

const struct ms_op ms_op_create_machine_alias = {create_members, create};

/* ---- update, describe, delete ---- */

/* NONE: answered. */
static struct ms_json find(struct ms_api_call *call, struct ms_str *arn)
{
  *arn = ms_api_arn(call, "stateMachineAliasArn", "stateMachine");
  if (arn->data == NULL) {
    return MS_JSON_VALUE_NONE;
  }
  struct ms_json alias = ms_catalog_get(ms_api_engine(call), KIND, *arn);
  if (ms_json_is_none(alias)) {
    ms_api_fail(call, MS_API_ERROR_STEP_RESOURCE_NOT_FOUND,
                MS_STR("Request references a resource that does not exist."));
  }
  return alias;
}

static int update(struct ms_api_call *call)
{
  struct ms_str arn;
  struct ms_json there = find(call, &arn), machine = MS_JSON_VALUE_NONE;
  struct ms_json routes = ms_api_get(call, "routingConfiguration");
  if (ms_json_is_none(there) ||
      (!ms_json_is_none(routes) && !check_routes(call, routes, &machine))) {
    return MSTEP_OK;
  }
  struct ms_json now = ms_api_date(ms_engine_now_ms(ms_api_engine(call)));
  struct ms_json alias = ms_json_ref(there);
  int err = ms_json_setc(&alias, "updateDate", now);
  if (err == 0 && ms_api_has(call, "description")) {
    err = ms_json_setc(&alias, "description", ms_json_ref(ms_api_get(call, "description")));
  }
  if (err == 0 && !ms_json_is_none(routes)) {
    err = ms_json_setc(&alias, "routingConfiguration", ms_json_ref(routes));
  }
  if (err != 0) {
    ms_json_unref(alias);
    return err;
  }
  err = ms_catalog_put(ms_api_engine(call), KIND, arn, alias);
  return err != 0 ? err : ms_api_finish(call, ms_api_object("updateDate", ms_json_ref(now)));
}

const struct ms_op ms_op_update_machine_alias = {update_members, update};

static int describe(struct ms_api_call *call)
{
  struct ms_str arn;
  struct ms_json there = find(call, &arn);
  if (ms_json_is_none(there)) {
    return MSTEP_OK;
  }
  struct ms_json reply = ms_json_ref(there);
  int err = ms_json_setc(&reply, "stateMachineAliasArn", ms_json_string(arn));
  err = err != 0 ? err : ms_json_remove(&reply, MS_STR("machine"));
  if (err != 0) {
    ms_json_unref(reply);
    return err;
  }
  return ms_api_reply_json(call, reply);
}

const struct ms_op ms_op_describe_machine_alias = {arn_members, describe};

static int delete_alias(struct ms_api_call *call)
{
  struct ms_str arn = ms_api_arn(call, "stateMachineAliasArn", "stateMachine");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  int err = ms_catalog_remove(ms_api_engine(call), KIND, arn);
  return err != 0 ? err : ms_api_finish(call, ms_json_object(0));
}

const struct ms_op ms_op_delete_machine_alias = {arn_members, delete_alias};

/* ---- list ---- */

/* Of a machine, or of one of its versions. */
static bool is_wanted(const struct ms_api_call *call, struct ms_str name, struct ms_json alias)
{
  struct ms_str arn = ms_api_text(call, "stateMachineArn");
  struct ms_json routes = ms_json_getc(alias, "routingConfiguration");
  (void)name;
  bool is_wanted = ms_str_eq(ms_json_text(ms_json_getc(alias, "machine")), arn);
  for (size_t i = 0; i < ms_json_count(routes); i++) {
    is_wanted = is_wanted || ms_str_eq(version_at(routes, i), arn);
  }
  return is_wanted;
}

static struct ms_json item(struct ms_str name, struct ms_json alias)
{
  struct ms_json out = ms_api_object("stateMachineAliasArn", ms_json_string(name));
  if (ms_json_setc(&out, "creationDate", ms_json_ref(ms_json_getc(alias, "creationDate"))) != 0) {
    ms_json_replace(&out, MS_JSON_VALUE_NONE);
  }
  return out;
}

static int list(struct ms_api_call *call)
{
  static const struct ms_api_catalog_list aliases = {
      .kind = KIND, .member = "stateMachineAliases", .is_wanted = is_wanted, .item = item};
  struct ms_str arn = ms_api_arn(call, "stateMachineArn", "stateMachine");
  if (arn.data == NULL) {
    return MSTEP_OK;
  }
  bool is_there = ms_engine_machine_is_there(ms_api_engine(call), arn) ||
                  !ms_json_is_none(ms_catalog_get(ms_api_engine(call), "version", arn));
  return is_there ? ms_api_catalog_list(call, &aliases)
                  : ms_api_fail(call, MS_API_ERROR_STATE_MACHINE_DOES_NOT_EXIST, arn);
}

const struct ms_op ms_op_list_machine_aliases = {list_members, list};
