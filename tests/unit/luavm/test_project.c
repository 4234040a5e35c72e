/* A project's folder as a document: what mstep.lua says, what lies in the folders, what is wrong and where. */
#include <sys/stat.h>

#include "base/error.h"
#include "fixture.h"
#include "luavm/project.h"

static const char *dir;

static void write_text(const char *name, const char *text)
{
  mt_write_file(mt_format("%s/%s", dir, name), text, strlen(text));
}

static void make_project(void)
{
  static const char *const folders[] = {"functions", "functions/tool", "functions/empty", "machines", "hooks",
                                        "rules", "lib"};
  dir = mt_tmpdir();
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    mt_eq_int(mkdir(mt_format("%s/%s", dir, folders[i]), 0700), 0);
  }
  write_text("functions/charge_card.lua", "");
  write_text("functions/thumbnail.lua", "");
  write_text("functions/tool/init.lua", "");
  write_text("functions/notes.txt", "");
  write_text("machines/order.asl.json", "");
  write_text("machines/audit.lua", "");
  write_text("machines/README.md", "");
  write_text("hooks/notify.lua", "");
  write_text("rules/vip.lua", "");
}

static struct ms_json read(void)
{
  struct ms_loop *loop;
  struct ms_lua *lua;
  struct ms_json out;
  mt_eq_int(ms_loop_sim_new(&loop, FIXTURE_START_MS), 0);
  const struct ms_lua_options options = {.loop = loop, .lib_dir = mt_format("%s/lib", dir)};
  mt_eq_int(ms_lua_new(&lua, &options), 0);
  mt_eq_int(ms_lua_project(&out, lua, dir), 0);
  ms_lua_free(lua);
  ms_loop_free(loop);
  return out;
}

MT_TEST(lua_project__folders_alone)
{
  make_project();
  struct ms_json out = read();
  struct ms_json project = ms_json_getc(out, "project");
  mt_like_json(project, "{\"functions\":[{\"FunctionName\":\"charge_card\"},{\"FunctionName\":\"thumbnail\"},"
                        "{\"FunctionName\":\"tool\"}],\"machines\":[{\"Name\":\"audit\",\"File\":\"machines/audit.lua\"},"
                        "{\"Name\":\"order\",\"File\":\"machines/order.asl.json\"}],\"hooks\":[\"notify\"],"
                        "\"rules\":[\"vip\"],\"queues\":[],\"topics\":[],\"buses\":[],\"events\":[],"
                        "\"schedules\":[],\"tables\":[],\"sources\":[],\"routes\":[],\"watches\":[]}");
  mt_eq_int(ms_json_count(ms_json_getc(out, "diagnostics")), 0);
  ms_json_unref(out);
}

MT_TEST(lua_project__no_folders_at_all)
{
  dir = mt_tmpdir();
  struct ms_json out = read();
  mt_eq_int(ms_json_count(ms_json_getc(ms_json_getc(out, "project"), "functions")), 0);
  mt_eq_int(ms_json_count(ms_json_getc(out, "diagnostics")), 0);
  ms_json_unref(out);
}

MT_TEST(lua_project__everything)
{
  make_project();
  write_text("lib/common.lua", "return {retries = 1}");
  write_text("mstep.lua",
             "local common = require 'common'\n"
             "return {\n"
             "  name = 'shop',\n"
             "  functions = {\n"
             "    charge_card = { timeout = '1m', memory = 256, environment = { KEY = 'v', N = 1 }, concurrency = 5,\n"
             "      retries = common.retries, max_age = '1h', backoff = { interval = 1, rate = 2, maximum = 60, jitter = 'FULL' },\n"
             "      on_success = 'bus:events', on_failure = 'queue:failed', dead_letter = 'queue:dead',\n"
             "      handler = 'charge_card.handler', description = 'd', recursion = 'Allow' },\n"
             "  },\n"
             "  queues = { 'dead', failed = { visibility_timeout = 30, dead_letter = 'queue:dead', max_receives = 3 },\n"
             "    ['orders.fifo'] = { content_based_deduplication = true } },\n"
             "  topics = { news = { subscriptions = { 'function:tool', { to = 'queue:failed', filter = { kind = { 'a' } }, raw = true } } } },\n"
             "  buses = { events = { archive = '7d' } },\n"
             "  events = { big = { bus = 'bus:events', pattern = { detail = { total = { { numeric = { '>', 10 } } } } },\n"
             "    targets = { 'machine:order', { to = 'https://example.com/x', input_path = '$.detail', retries = 2 } } } },\n"
             "  schedules = { nightly = { when = 'cron(0 3 * * ? *)', timezone = 'Europe/Berlin', to = 'function:tool',\n"
             "    input = { all = true }, missed = 'once' } },\n"
             "  tables = { carts = { key = 'id', sort = { name = 'at', type = 'N' }, stream = 'NEW_IMAGE', expires = 'ttl' } },\n"
             "  machines = { order = { type = 'EXPRESS', log_level = 'ERROR', keep_age = '30d' } },\n"
             "  sources = { { from = 'queue:orders.fifo', to = 'function:charge_card', batch_size = 5, partial_failures = true },\n"
             "    { from = 'folder:uploads', to = 'function:thumbnail' }, { from = 'route:POST /orders', to = 'machine:order' } },\n"
             "}\n");
  struct ms_json out = read();
  struct ms_json project = ms_json_getc(out, "project");
  struct ms_json diagnostics = ms_json_getc(out, "diagnostics");
  mt_eq_json(diagnostics, "[]");
  struct ms_json f = ms_json_at(ms_json_getc(project, "functions"), 0);
  mt_like_json(f, "{\"FunctionName\":\"charge_card\",\"Timeout\":60,\"MemorySize\":256,\"Environment\":{\"Variables\":"
                  "{\"KEY\":\"v\",\"N\":\"1\"}},\"ReservedConcurrentExecutions\":5,\"EventInvokeConfig\":{"
                  "\"MaximumRetryAttempts\":1,\"MaximumEventAgeInSeconds\":3600,\"Backoff\":{\"IntervalSeconds\":1,"
                  "\"BackoffRate\":2,\"MaxDelaySeconds\":60,\"JitterStrategy\":\"FULL\"},\"OnSuccess\":{\"kind\":\"bus\","
                  "\"name\":\"events\"},\"OnFailure\":{\"kind\":\"queue\",\"name\":\"failed\"}},\"DeadLetter\":{\"kind\":"
                  "\"queue\",\"name\":\"dead\"},\"Handler\":\"charge_card.handler\",\"Description\":\"d\","
                  "\"RecursiveLoop\":\"Allow\"}");
  mt_eq_int(ms_json_count(ms_json_getc(project, "functions")), 3);
  struct ms_json rest = ms_json_getc(project, "queues");
  mt_like_json(rest, "[{\"QueueName\":\"dead\"},{\"QueueName\":\"failed\",\"Attributes\":{\"VisibilityTimeout\":30},"
                     "\"Redrive\":{\"To\":{\"kind\":\"queue\",\"name\":\"dead\"},\"MaxReceiveCount\":3}},"
                     "{\"QueueName\":\"orders.fifo\",\"Attributes\":{\"FifoQueue\":true,\"ContentBasedDeduplication\":true}}]");
  rest = ms_json_getc(project, "topics");
  mt_like_json(rest, "[{\"TopicName\":\"news\",\"Subscriptions\":[{\"To\":{\"kind\":\"function\",\"name\":\"tool\"}},{\"To\":"
                     "{\"kind\":\"queue\",\"name\":\"failed\"},\"FilterPolicy\":{\"kind\":[\"a\"]},"
                     "\"RawMessageDelivery\":true}]}]");
  rest = ms_json_getc(project, "events");
  mt_like_json(rest, "[{\"Name\":\"big\",\"Bus\":{\"kind\":\"bus\",\"name\":\"events\"},\"EventPattern\":{\"detail\":{\"total\":"
                     "[{\"numeric\":[\">\",10]}]}},\"Targets\":[{\"To\":{\"kind\":\"machine\",\"name\":\"order\"}},{\"To\":"
                     "{\"kind\":\"http\",\"name\":\"https://example.com/x\"},\"InputPath\":\"$.detail\",\"RetryPolicy\":"
                     "{\"MaximumRetryAttempts\":2}}]}]");
  rest = ms_json_getc(project, "schedules");
  mt_like_json(rest, "[{\"Name\":\"nightly\",\"ScheduleExpression\":\"cron(0 3 * * ? *)\",\"ScheduleExpressionTimezone\":"
                     "\"Europe/Berlin\",\"To\":{\"kind\":\"function\",\"name\":\"tool\"},\"Input\":{\"all\":true},"
                     "\"Missed\":\"once\"}]");
  rest = ms_json_getc(project, "tables");
  mt_like_json(rest, "[{\"TableName\":\"carts\",\"PartitionKey\":{\"Name\":\"id\"},\"SortKey\":{\"Name\":\"at\",\"Type\":\"N\"},"
                     "\"StreamViewType\":\"NEW_IMAGE\",\"TimeToLiveAttribute\":\"ttl\"}]");
  rest = ms_json_getc(project, "machines");
  mt_like_json(rest, "[{\"Name\":\"audit\",\"File\":\"machines/audit.lua\"},{\"Name\":\"order\",\"File\":"
                     "\"machines/order.asl.json\",\"Type\":\"EXPRESS\",\"LogLevel\":\"ERROR\",\"Retention\":"
                     "{\"AgeSeconds\":2592000}}]");
  rest = ms_json_getc(project, "sources");
  mt_like_json(rest, "[{\"From\":{\"kind\":\"queue\",\"name\":\"orders.fifo\"},\"To\":{\"kind\":\"function\",\"name\":"
                     "\"charge_card\"},\"BatchSize\":5,\"ReportBatchItemFailures\":true},{\"From\":{\"kind\":\"folder\","
                     "\"name\":\"uploads\"},\"To\":{\"kind\":\"function\",\"name\":\"thumbnail\"}},{\"From\":{\"kind\":"
                     "\"route\",\"name\":\"POST /orders\"},\"To\":{\"kind\":\"machine\",\"name\":\"order\"}}]");
  rest = ms_json_getc(project, "watches"); /* a folder as source is a watch */
  mt_like_json(rest, "[{\"Folder\":\"uploads\",\"To\":{\"kind\":\"function\",\"name\":\"thumbnail\"}}]");
  rest = ms_json_getc(project, "name");
  mt_eq_json(rest, "\"shop\"");
  ms_json_unref(out);
}

MT_TEST(lua_project__routes_and_watches)
{
  make_project();
  write_text("mstep.lua",
                "return { routes = { { 'POST /orders/{id}', fn = 'tool', payload = '1.0', stage = 'prod' },\n"
                "  { route = '$default', fn = 'tool:live', timeout_ms = 500 } },\n"
                "  watches = { { folder = 'in', fn = 'tool', suffix = '.csv', events = { 'ObjectRemoved' } },\n"
                "  { folder = '/x', to = 'bus:default', bucket = 'b' } } }");
  struct ms_json out = read();
  struct ms_json project = ms_json_getc(out, "project");
  mt_eq_int(ms_json_count(ms_json_getc(out, "diagnostics")), 0);
  struct ms_json part = ms_json_getc(project, "routes");
  mt_like_json(part,
             "[{\"RouteKey\":\"POST /orders/{id}\",\"FunctionName\":\"tool\",\"PayloadFormatVersion\":\"1.0\","
             "\"Stage\":\"prod\"},{\"RouteKey\":\"$default\",\"FunctionName\":\"tool:live\","
             "\"TimeoutInMillis\":500}]");
  part = ms_json_getc(project, "watches");
  mt_like_json(part,
             "[{\"Folder\":\"in\",\"FunctionName\":\"tool\",\"Suffix\":\".csv\",\"Events\":"
             "[\"ObjectRemoved\"]},{\"Folder\":\"/x\",\"To\":{\"kind\":\"bus\",\"name\":\"default\"},"
             "\"Bucket\":\"b\"}]");
  ms_json_unref(out);
}

static const struct {
  const char *text;
  int line;
  const char *path;
  const char *message;
} mistakes[] = {
    {"return {\n  functons = {}\n}", 2, "/functons", "unknown key 'functons'; did you mean 'functions'?"},
    {"return {\n  functions = {\n    tool = {\n      timeot = 3 } } }", 4, "/functions/tool/timeot",
     "unknown key 'timeot'; did you mean 'timeout'?"},
    {"return { functions = { tool = {\n timeout = 901 } } }", 2, "/functions/tool/timeout",
     "901 seconds is not between 1 and 900"},
    {"return { functions = { tool = {\n timeout = '5x' } } }", 2, "/functions/tool/timeout",
     "must be seconds, or a text like \"30s\", \"5m\", \"2h\", \"7d\", not '5x'"},
    {"return { functions = { tool = { memory = 1.5 } } }", 1, "/functions/tool/memory",
     "must be a whole number, not 1.5"},
    {"return { functions = { tool = { memory = true } } }", 1, "/functions/tool/memory",
     "must be a whole number, not true"},
    {"return { functions = { tool = 5 } }", 1, "/functions/tool", "must be a table, not 5"},
    {"return { functions = 5 }", 1, "/functions", "must be a table, not number"},
    {"return { functions = { tool = { environment = { A = {} } } } }", 1, "/functions/tool/environment/A",
     "must be a string, not a table"},
    {"return { functions = { tool = { recursion = 'allow' } } }", 1, "/functions/tool/recursion",
     "must be one of Terminate, Allow, not 'allow'; did you mean 'Allow'?"},
    {"return { functions = { tool = { handler = 'x' } } }", 1, "/functions/tool/handler",
     "'x' is not of the form FILE.FIELD"},
    {"local p = {\n  queues = { dead = {} },\n  functions = {\n    tool = { on_failure = 'queue:daed' } } }\nreturn p", 4,
     "/functions/tool/on_failure", "there is no queue 'daed'; did you mean 'dead'?"},
    {"return { functions = { tool = { on_failure = 'dead' } } }", 1, "/functions/tool/on_failure",
     "must say what kind it is, like \"function:dead\""},
    {"return { functions = { tool = { dead_letter = 'bus:default' } } }", 1, "/functions/tool/dead_letter",
     "a bus cannot be here, only queue, topic"},
    {"return { functions = { tool = { on_success = 5 } } }", 1, "/functions/tool/on_success",
     "must name something, like \"queue:orders\", not 5"},
    {"return { functions = { chargecard = {} } }", 1, "/functions/chargecard",
     "there is no file for it in functions/; did you mean 'charge_card'?"},
    {"return { functions = { ['a b'] = {} } }", 1, "/functions/a b",
     "'a b' cannot be a name: letters, digits, '_' and '-'"},
    {"return { queues = { q = { dead_letter = 'queue:q' } } }", 1, "/queues/q",
     "'dead_letter' and 'max_receives' belong together"},
    {"return { queues = { q = { fifo = true } } }", 1, "/queues/q", "the name of a FIFO queue ends in .fifo"},
    {"return { events = { r = { pattern = {} } } }", 1, "/events/r", "'targets' is missing"},
    {"return { events = { r = { targets = {} } } }", 1, "/events/r", "needs either 'pattern' or 'schedule'"},
    {"return { events = { r = { pattern = {}, targets = {\n  'function:tool',\n  'function:none' } } } }", 3,
     "/events/r/targets/2/to", "there is no function 'none'"},
    {"return { schedules = { s = { when = '5 minutes', to = 'function:tool' } } }", 1, "/schedules/s/when",
     "'5 minutes' is not of the form rate(5 minutes), cron(...) or at(...)"},
    {"return { tables = { t = {} } }", 1, "/tables/t", "'key' is missing"},
    {"return { sources = { { from = 'queue:x', to = 'function:tool' } } }", 1, "/sources/1/from",
     "there is no queue 'x'"},
    {"return { sources = { { form = 1 } } }", 1, "/sources/1/form", "unknown key 'form'; did you mean 'from'?"},
    {"return { sources = { a = 1 } }", 1, "/sources/a", "a list has no names"},
    {"return { routes = { { 'GET /a', fn = 'tol' } } }", 1, "/routes/1/fn",
     "there is no function 'tol'; did you mean 'tool'?"},
    {"return { routes = { { 'get /a', fn = 'tool' } } }", 1, "/routes/1/route",
     "'get /a' is not of the form \"METHOD /path\" or \"$default\""},
    {"return { routes = { { 'GET /a', fn = 'tool', payload = '3.0' } } }", 1, "/routes/1/payload",
     "must be one of 1.0, 2.0, not '3.0'; did you mean '1.0'?"},
    {"return { routes = { { fn = 'tool' } } }", 1, "/routes/1", "'route' is missing"},
    {"return { watches = { { folder = 'in' } } }", 1, "/watches/1", "needs either 'fn' or 'to'"},
    {"return { watches = { { folder = 'in', fn = 'tool', events = { 'Created' } } } }", 1,
     "/watches/1/events/1", "must be one of ObjectCreated, ObjectRemoved, not 'Created'"},
    {"return { topics = { t = { subscriptions = { { to = 'hook:x' } } } } }", 1, "/topics/t/subscriptions/1/to",
     "a hook cannot be here, only function, queue, http"},
    {"return { name = 'a b' }", 1, "/name", "'a b' is not of the form letters, digits, '_' and '-'"},
    {"return { machines = { none = {} } }", 1, "/machines/none", "there is no file for it in machines/"},
    {"return {\n  functions = (function()\n    local t = { tool = { x = 1 } }\n    return t\n  end)(),\n}", 2,
     "/functions/tool/x", "unknown key 'x'"},
    {"return {\n  queues = = 1\n}", 2, "", "unexpected symbol near '='"},
    {"local x = nil\n\nreturn x.y", 3, "", "attempt to index a nil value (local 'x')"},
    {"return 5", 0, "", "mstep.lua: it returns a number, not a table"},
    {"while true do end", 0, "", "mstep.lua: the limit of instructions is passed"},
    {"return require 'broken'", 2, "", "unexpected symbol near ')'"},
    {"return { name = os.time() }", 1, "", "attempt to index a nil value (global 'os')"},
};

/* Each mistake is found, on its line and with what was probably meant. */
MT_TEST(lua_project__mistakes)
{
  make_project();
  write_text("lib/broken.lua", "\nreturn )");
  for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
    write_text("mstep.lua", mistakes[i].text);
    struct ms_json out = read();
    struct ms_json list = ms_json_getc(out, "diagnostics");
    bool is_found = false;
    struct ms_buf text;
    ms_buf_init(&text, 0);
    for (size_t k = 0; k < ms_json_count(list); k++) {
      struct ms_json entry = ms_json_at(list, k);
      bool is_line = ms_json_getc(entry, "line").u.integer == mistakes[i].line;
      is_found = is_found || (is_line && ms_str_is(ms_json_text(ms_json_getc(entry, "path")), mistakes[i].path) &&
                              ms_str_is(ms_json_text(ms_json_getc(entry, "message")), mistakes[i].message));
    }
    if (!is_found) {
      ms_json_print(&text, list);
      mt_report("%s\nnot line %d %s %s\nbut %s", mistakes[i].text, mistakes[i].line, mistakes[i].path, mistakes[i].message, text.data);
    }
    if (mistakes[i].path[0] == '\0') {
      mt_ok(ms_json_is_null(ms_json_getc(out, "project")));
    } else {
      mt_ok(ms_json_is_object(ms_json_getc(out, "project")));
    }
    ms_buf_deinit(&text);
    ms_json_unref(out);
  }
}

static int read_without_memory(void *user)
{
  struct ms_loop *loop;
  struct ms_lua *lua = NULL;
  struct ms_json out = MS_JSON_VALUE_NONE;
  (void)user;
  int err = ms_loop_sim_new(&loop, FIXTURE_START_MS);
  if (err != 0) {
    return err;
  }
  const struct ms_lua_options options = {.loop = loop};
  err = ms_lua_new(&lua, &options);
  if (err == 0) {
    err = ms_lua_project(&out, lua, dir);
  }
  ms_json_unref(out);
  ms_lua_free(lua);
  ms_loop_free(loop);
  return err;
}

MT_TEST(lua_project__every_allocation_fails)
{
  make_project();
  write_text("mstep.lua", "return { queues = { q = { x = 1 } } }");
  mt_oom(read_without_memory, NULL);
}
