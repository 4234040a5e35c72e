/* The log of calls: what scripts and the platform say, its form, the tail that comes with a result. */
#include "fixture.h"
#include "luavm/log.h"

struct book {
  struct ms_buf text;
  int count[5]; /* by kind */
};

/* A record as one line, with what changes from run to run left out. */
static void take(const struct ms_lua_log_record *record, void *user)
{
  struct book *book = user;
  book->count[record->kind]++;
  ms_buf_printf(&book->text, "%s/%s/%s %s", record->function, record->version, record->request_id,
                ms_lua_log_level_name(record->level));
  if (record->kind == MS_LUA_LOG_REPORT) {
    mt_ok(strstr(record->message.data, "Memory Size: 128 MB\tMax Memory Used: 1 MB\t") != NULL);
  } else {
    ms_buf_printf(&book->text, "|%.*s", MS_STR_ARG(record->message));
  }
  ms_buf_char(&book->text, '\n');
}

static void init(struct fixture *f, struct book *book, struct ms_lua_options options, bool is_virtual)
{
  memset(f, 0, sizeof *f);
  memset(book, 0, sizeof *book);
  ms_buf_init(&book->text, 0);
  mt_eq_int(is_virtual ? ms_loop_sim_new(&f->loop, FIXTURE_START_MS)
                       : ms_loop_libevent_new(&f->loop, NULL), 0);
  options.loop = f->loop;
  options.record = take;
  options.log_user = book;
  mt_eq_int(ms_lua_new(&f->lua, &options), 0);
  struct ms_loop_callbacks callbacks = {fixture_on_timer, NULL, fixture_on_wake, f};
  ms_loop_set_callbacks(f->loop, &callbacks);
}

static void deinit(struct fixture *f, struct book *book)
{
  ms_buf_deinit(&book->text);
  fixture_deinit(f);
}

static char tail[8192];

static void keep_tail(const struct ms_lua_result *result, void *user)
{
  mt_ok(result->log_tail.len <= MS_LUA_LOG_TAIL_BYTES);
  snprintf(tail, sizeof tail, "%.*s", MS_STR_ARG(result->log_tail));
  fixture_done(result, user);
}

static void call(struct fixture *f, struct answer *a, const char *function, int64_t timeout_ms)
{
  memset(a, 0, sizeof *a);
  a->fixture = f;
  struct ms_lua_call form = {.function = ms_str_c(function), .request_id = "r-1", .attempt = 1,
                             .has_log_tail = true, .timeout_ms = timeout_ms};
  mt_eq_int(ms_lua_invoke(&a->id, f->lua, &form, keep_tail, a), 0);
  fixture_run(f);
  mt_eq_int(a->count, 1);
}

static void expect_records(unsigned workers)
{
  struct fixture f;
  struct book book;
  static struct answer a;
  init(&f, &book, (struct ms_lua_options){.workers = workers, .has_platform_records = true},
       workers == 0);
  fixture_load(&f, "f", "local mstep = require 'mstep' print('loading')\n"
                        "return function()\n"
                        "  print('a', 1) mstep.log('b', {x = 1}) mstep.log('warn', 'c')\n"
                        "  mstep.log.error('d', {1}) mstep.log('info') mstep.log('Debug', {y = 2}) end");
  call(&f, &a, "f", 0);
  mt_eq_str(book.text.data, "f/$LATEST/r-1 |\n"
                            "f/$LATEST/r-1 |loading\n"
                            "f/$LATEST/r-1 |a\t1\n"
                            "f/$LATEST/r-1 |b {\"x\":1}\n"
                            "f/$LATEST/r-1 WARN|c\n"
                            "f/$LATEST/r-1 ERROR|d [1]\n"
                            "f/$LATEST/r-1 |info\n"
                            "f/$LATEST/r-1 DEBUG|{\"y\":2}\n"
                            "f/$LATEST/r-1 |\n"
                            "f/$LATEST/r-1 \n");
  mt_eq_int(book.count[MS_LUA_LOG_START], 1);
  mt_eq_int(book.count[MS_LUA_LOG_END], 1);
  mt_eq_int(book.count[MS_LUA_LOG_REPORT], 1);
  deinit(&f, &book);
}

MT_TEST(lua_log__records)
{
  expect_records(0);
  expect_records(2);
}

MT_TEST(lua_log__platform_says_nothing_unasked)
{
  struct fixture f;
  struct book book;
  static struct answer a;
  init(&f, &book, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f", "return function() print('x') error('y') end");
  fixture_call(&f, &a, "f", "{}", 0);
  mt_eq_str(book.text.data, "f/$LATEST/req-1 |x\n");
  deinit(&f, &book);
}

MT_TEST(lua_log__tail)
{
  struct fixture f;
  struct book book;
  static struct answer a;
  init(&f, &book, (struct ms_lua_options){0}, true);
  fixture_load(&f, "f", "return function() print('hello') require('mstep').log('warn', 'low') end");
  call(&f, &a, "f", 0);
  const char *start = "START RequestId: r-1 Version: $LATEST\nhello\n"
                      "[WARN]\t2023-11-14T22:13:20.000Z\tr-1\tlow\nEND RequestId: r-1\n"
                      "REPORT RequestId: r-1\tDuration: ";
  mt_ok(strncmp(tail, start, strlen(start)) == 0);
  mt_ok(strstr(tail, " ms\tMemory Size: 128 MB\tMax Memory Used: 1 MB\tInit Duration: ") != NULL);
  mt_eq_int(tail[strlen(tail) - 1], '\n');
  call(&f, &a, "f", 0);
  mt_ok(strstr(tail, "Init Duration") == NULL);
  deinit(&f, &book);
}

static void expect_failure(const char *source, const char *line, const char *status)
{
  struct fixture f;
  struct book book;
  static struct answer a;
  init(&f, &book, (struct ms_lua_options){.memory_max_bytes = 16u << 20}, true);
  fixture_load(&f, "f", source);
  call(&f, &a, "f", 1500);
  if (strstr(tail, line) == NULL || strstr(tail, "END RequestId: r-1\nREPORT ") == NULL ||
      strstr(tail, line) > strstr(tail, "END ") || strstr(tail, status) == NULL) {
    mt_report("%s\n%s", source, tail);
  }
  deinit(&f, &book);
}

MT_TEST(lua_log__failures)
{
  expect_failure("return function() error{errorType = 'Card.Declined', errorMessage = 'no money'} end",
                 "[ERROR] Card.Declined: no money\n  [C]: in function 'error'\n  functions/f.lua:1: in ", "");
  expect_failure("return function() error{Error = 'E', Cause = 'as it is'} end",
                 "[ERROR] E: as it is\n", "");
  expect_failure("local x = nil + 1", "[ERROR] Lua.Error: functions/f.lua:1: attempt to perform arithmetic", "");
  expect_failure("require 'nothing'", "[ERROR] Runtime.ImportModuleError: module 'nothing' not found", "");
  expect_failure("return function() require('mstep').sleep(10) end",
                 "2023-11-14T22:13:21.500Z r-1 Task timed out after 1.50 seconds\n\n", "\tStatus: timeout\n");
  expect_failure("return function() local t = {} while true do t[#t + 1] = ('x'):rep(10000) .. #t end end",
                 "[ERROR] Runtime.OutOfMemory: RequestId: r-1 Error: memory limit of 16 MB exceeded",
                 "\tStatus: error\tError Type: Runtime.OutOfMemory\n");
}

/* However much is said, the last 4 KB come, whole lines at their end. */
MT_TEST(lua_log__tail_is_bounded)
{
  for (unsigned workers = 0; workers <= 2; workers += 2) {
    struct fixture f;
    struct book book;
    static struct answer a;
    init(&f, &book, (struct ms_lua_options){.workers = workers}, workers == 0);
    fixture_load(&f, "f", "return function() for i = 1, 3000 do print('line ' .. i) end print(('x'):rep(1 << 17))\n"
                          "for i = 1, 600 do print('more ' .. i) end end");
    call(&f, &a, "f", 0);
    mt_eq_int(strlen(tail), MS_LUA_LOG_TAIL_BYTES);
    mt_ok(strstr(tail, "more 599\nmore 600\nEND RequestId: r-1\nREPORT RequestId: r-1\t") != NULL);
    mt_ok(strstr(tail, "xxx") == NULL);
    fixture_call(&f, &a, "f", "{}", 0);
    deinit(&f, &book);
  }
}

MT_TEST(lua_log__wrong_use)
{
  static const struct fixture_row rows[] = {
      {"require('mstep.core').log('x', 'loud')", "trace, debug, info, warn, error or fatal"},
      {"require('mstep.core').log({})", "string expected"},
      {"return #mstep.uuid() == 36 and mstep.uuid() ~= mstep.uuid()", "true"},
  };
  FIXTURE_ROWS(rows);
}
