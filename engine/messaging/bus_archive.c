/*
 * Archives: events of a bus, kept for a while. Each is a row of MS_TABLE_EVENT under a key that sorts by archive
 * and minute of the event, so that a replay reads and old age removes what lies together:
 *
 *   bit 61 | archive: 7 bits | minute since 1970: 27 bits | sequence: 27 bits
 */
#include "messaging/bus_archive.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/time.h"

#define KEY_BIT (UINT64_C(1) << 61) /* above those of relays, below those of invocations */
#define NUMBER_SHIFT 54
#define NUMBERS 128
#define MINUTE_SHIFT 27
#define MINUTE_MAX ((INT64_C(1) << 27) - 1)
#define SEQUENCE_MASK ((UINT64_C(1) << MINUTE_SHIFT) - 1)
#define MINUTE_MS 60000
#define DAY_MS INT64_C(86400000)
#define EXPIRE_COUNT 500 /* events in one change */
#define AFTER_TROUBLE_MS 1000

static struct ms_str text_of(struct ms_json object, const char *name)
{
  struct ms_json value = ms_json_getc(object, name);
  return ms_json_is_string(value) ? ms_json_text(value) : (struct ms_str){NULL, 0};
}

static int64_t integer_of(struct ms_json object, const char *name)
{
  int64_t value = 0;
  ms_json_to_int(&value, ms_json_getc(object, name));
  return value;
}

/* ---- keys ---- */

uint64_t ms_archive_key(const struct ms_archive *archive, int64_t at_ms)
{
  int64_t minute = at_ms < 0 ? 0 : at_ms / MINUTE_MS;
  minute = minute > MINUTE_MAX ? MINUTE_MAX : minute;
  return KEY_BIT | (uint64_t)archive->number << NUMBER_SHIFT | (uint64_t)minute << MINUTE_SHIFT;
}

static uint64_t end_key(const struct ms_archive *archive)
{
  return (KEY_BIT | (uint64_t)archive->number << NUMBER_SHIFT) + (UINT64_C(1) << NUMBER_SHIFT);
}

static int64_t minute_of(uint64_t key)
{
  return (int64_t)(key >> MINUTE_SHIFT & (uint64_t)MINUTE_MAX) * MINUTE_MS;
}

int64_t ms_event_time(struct ms_json event, int64_t now_ms)
{
  int64_t at_ms;
  return ms_time_parse(&at_ms, NULL, text_of(event, "time")) ? at_ms : now_ms;
}

/* ---- life ---- */

static struct ms_archive *find_archive(struct ms_buses *buses, struct ms_str name)
{
  struct ms_archive *archive = buses->archives;
  while (archive != NULL && !ms_str_eq(archive->name, name)) {
    archive = archive->next;
  }
  return archive;
}

struct ms_archive *ms_archive_by_arn(struct ms_buses *buses, struct ms_str arn)
{
  struct ms_archive *archive = buses->archives;
  while (archive != NULL && !ms_str_eq(archive->arn, arn)) {
    archive = archive->next;
  }
  return archive;
}

static void free_events(struct ms_archived *event)
{
  for (struct ms_archived *next; event != NULL; event = next) {
    next = event->next;
    ms_free(event);
  }
}

static void archive_free(struct ms_archive *archive)
{
  free_events(archive->events);
  ms_pattern_unref(archive->pattern);
  ms_json_unref(archive->row);
  ms_free(archive);
}

/* Takes row. */
static int archive_new(struct ms_archive **out, struct ms_json row, struct ms_queue_refusal *why)
{
  struct ms_archive *archive = ms_calloc(1, sizeof *archive);
  if (archive == NULL || ms_json_is_none(row)) {
    ms_json_unref(row);
    ms_free(archive);
    return ms_error_nomem();
  }
  archive->row = row;
  archive->archive = ms_json_getc(row, "Archive");
  archive->name = text_of(archive->archive, "ArchiveName");
  archive->arn = text_of(archive->archive, "ArchiveArn");
  archive->bus_arn = text_of(archive->archive, "EventSourceArn");
  archive->number = (unsigned)integer_of(row, "Number") & (NUMBERS - 1);
  archive->retention_ms = integer_of(archive->archive, "RetentionDays") * DAY_MS;
  struct ms_str pattern = text_of(archive->archive, "EventPattern");
  struct ms_buf message;
  ms_buf_init(&message, 0);
  int err = pattern.len == 0
                ? MSTEP_OK
                : ms_pattern_compile(&archive->pattern, pattern, MS_PATTERN_RULE, &message);
  if (err == MSTEP_EINVALID) {
    ms_refuse(why, "InvalidEventPatternException", "%.*s", MS_STR_ARG(ms_buf_view(&message)));
  }
  ms_buf_deinit(&message);
  if (err != 0) {
    archive_free(archive);
    return err;
  }
  *out = archive;
  return MSTEP_OK;
}

static void link_archive(struct ms_buses *buses, struct ms_archive *archive)
{
  struct ms_archive **slot = &buses->archives;
  while (*slot != NULL && ms_str_cmp((*slot)->name, archive->name) < 0) {
    slot = &(*slot)->next;
  }
  archive->next = *slot;
  *slot = archive;
}

static void unlink_archive(struct ms_buses *buses, struct ms_archive *archive)
{
  struct ms_archive **slot = &buses->archives;
  while (*slot != archive) {
    slot = &(*slot)->next;
  }
  *slot = archive->next;
}

void ms_archives_free(struct ms_buses *buses)
{
  for (struct ms_archive *archive = buses->archives, *next; archive != NULL; archive = next) {
    next = archive->next;
    archive_free(archive);
  }
  buses->archives = NULL;
}

static int read_event(struct ms_str key, struct ms_str value, void *user)
{
  struct ms_archive *archive = user;
  uint64_t number = ms_store_number(key);
  uint64_t sequence = number & SEQUENCE_MASK;
  archive->oldest_key = archive->oldest_key == 0 ? number : archive->oldest_key;
  archive->next_sequence =
      sequence >= archive->next_sequence ? sequence + 1 : archive->next_sequence;
  archive->count++;
  archive->bytes += value.len;
  return MSTEP_OK;
}

static int load_archive(struct ms_str name, struct ms_json row, void *user)
{
  struct ms_buses *buses = user;
  struct ms_archive *archive;
  (void)name;
  int err = archive_new(&archive, ms_json_ref(row), NULL);
  if (err == 0) {
    link_archive(buses, archive);
  }
  return err;
}

int ms_archives_load(struct ms_buses *buses)
{
  int err = ms_resource_scan(buses->env->ledger.reader, "archive", load_archive, buses);
  for (struct ms_archive *archive = buses->archives; archive != NULL && err == 0;
       archive = archive->next) {
    err = ms_archive_scan(buses, archive, ms_archive_key(archive, 0), end_key(archive), 0,
                          read_event, archive);
  }
  return err;
}

/* ---- reading ---- */

static int scan_memory(const struct ms_archive *archive, uint64_t from, uint64_t to, uint64_t limit,
                       ms_record_cb cb, void *user)
{
  char key[MS_STORE_NUMBER_SIZE];
  uint64_t count = 0;
  int err = MSTEP_OK;
  for (const struct ms_archived *event = archive->events;
       event != NULL && event->key < to && err == 0 && (limit == 0 || count < limit);
       event = event->next) {
    if (event->key >= from) {
      count++;
      err = cb(ms_store_key(key, event->key), (struct ms_str){event->text, event->len}, user);
    }
  }
  return err;
}

int ms_archive_scan(struct ms_buses *buses, const struct ms_archive *archive, uint64_t from,
                    uint64_t to, uint64_t limit, ms_record_cb cb, void *user)
{
  char first[MS_STORE_NUMBER_SIZE], last[MS_STORE_NUMBER_SIZE];
  struct ms_store *reader = buses->env->ledger.reader;
  if (reader == NULL) {
    return scan_memory(archive, from, to, limit, cb, user);
  }
  const struct ms_scan scan = {.table = MS_TABLE_EVENT,
                               .from = ms_store_key(first, from),
                               .to = ms_store_key(last, to),
                               .limit = limit};
  return ms_store_scan(reader, &scan, cb, user);
}

/* ---- what comes in ---- */

bool ms_archives_want(const struct ms_bus *bus)
{
  const struct ms_archive *archive = bus->buses->archives;
  while (archive != NULL && !ms_str_eq(archive->bus_arn, bus->arn)) {
    archive = archive->next;
  }
  return archive != NULL;
}

static int stage(struct ms_buses *buses, struct ms_archive *archive, struct ms_batch *batch,
                 int64_t at_ms, struct ms_str text)
{
  char key[MS_STORE_NUMBER_SIZE];
  size_t kept = batch == NULL ? text.len : 0;
  struct ms_archived *event = ms_alloc(sizeof *event + kept);
  if (event == NULL) {
    return ms_error_nomem();
  }
  *event = (struct ms_archived){buses->staged, archive, ms_archive_key(archive, at_ms), text.len};
  event->key |= archive->next_sequence++ & SEQUENCE_MASK;
  buses->staged = event;
  if (batch == NULL) {
    memcpy(event->text, text.data, text.len);
  } else {
    ms_batch_put(batch, MS_TABLE_EVENT, ms_store_key(key, event->key), text);
  }
  return MSTEP_OK;
}

int ms_archives_add(struct ms_bus *bus, struct ms_batch *batch, struct ms_json event,
                    struct ms_buf *text)
{
  int64_t at_ms = ms_event_time(event, ms_loop_now_ms(bus->buses->env->loop));
  int err = MSTEP_OK;
  if (!ms_json_is_none(ms_json_getc(event, "replay-name"))) {
    return MSTEP_OK; /* it came from an archive */
  }
  for (struct ms_archive *archive = bus->buses->archives; archive != NULL && err == 0;
       archive = archive->next) {
    bool is_wanted = ms_str_eq(archive->bus_arn, bus->arn);
    if (is_wanted && archive->pattern != NULL) {
      err = ms_pattern_match(&is_wanted, archive->pattern, event);
    }
    if (err == 0 && is_wanted) {
      if (text->len == 0) {
        ms_json_print(text, event);
      }
      err = text->error != 0 ? text->error
                             : stage(bus->buses, archive, batch, at_ms, ms_buf_view(text));
    }
  }
  return err;
}

/* Without a store: among the others, mostly at their end. */
static void keep(struct ms_archived *event)
{
  struct ms_archive *archive = event->archive;
  struct ms_archived **slot = &archive->events;
  if (archive->last != NULL && archive->last->key < event->key) {
    slot = &archive->last->next;
  }
  while (*slot != NULL && (*slot)->key < event->key) {
    slot = &(*slot)->next;
  }
  event->next = *slot;
  *slot = event;
  archive->last = event->next == NULL ? event : archive->last;
}

void ms_bus_commit(struct ms_buses *buses)
{
  ms_relay_commit(buses->relay);
  buses->counts.events += buses->staged_counts.events;
  buses->counts.matches += buses->staged_counts.matches;
  buses->staged_counts.events = buses->staged_counts.matches = 0;
  while (buses->staged != NULL) {
    struct ms_archived *event = buses->staged;
    struct ms_archive *archive = event->archive;
    buses->staged = event->next;
    archive->count++;
    archive->bytes += event->len;
    if (archive->oldest_key == 0 || event->key < archive->oldest_key) {
      archive->oldest_key = event->key;
    }
    if (buses->env->ledger.reader == NULL) {
      keep(event);
    } else {
      ms_free(event);
    }
  }
}

void ms_bus_rollback(struct ms_buses *buses)
{
  ms_relay_rollback(buses->relay);
  buses->staged_counts.events = buses->staged_counts.matches = 0;
  free_events(buses->staged);
  buses->staged = NULL;
}

/* ---- old age ---- */

static int64_t expires_at_ms(const struct ms_archive *archive)
{
  return archive->retention_ms == 0 || archive->oldest_key == 0
             ? 0
             : minute_of(archive->oldest_key) + MINUTE_MS + archive->retention_ms;
}

int64_t ms_archives_next_due_ms(const struct ms_buses *buses)
{
  int64_t due_at_ms = 0;
  for (const struct ms_archive *archive = buses->archives; archive != NULL;
       archive = archive->next) {
    int64_t at_ms = expires_at_ms(archive);
    at_ms = at_ms != 0 && at_ms < buses->expire_again_ms ? buses->expire_again_ms : at_ms;
    due_at_ms = at_ms != 0 && (due_at_ms == 0 || at_ms < due_at_ms) ? at_ms : due_at_ms;
  }
  return due_at_ms;
}

struct expiry {
  struct ms_batch *batch;
  uint64_t count, bytes;
  uint64_t end; /* the first key that is young enough */
  uint64_t oldest;
};

static int expire_row(struct ms_str key, struct ms_str value, void *user)
{
  struct expiry *expiry = user;
  uint64_t number = ms_store_number(key);
  if (number >= expiry->end || expiry->count == EXPIRE_COUNT) {
    expiry->oldest = number;
    return 1;
  }
  if (expiry->batch != NULL) {
    ms_batch_remove(expiry->batch, MS_TABLE_EVENT, key);
  }
  expiry->count++;
  expiry->bytes += value.len;
  return MSTEP_OK;
}

static int expire(struct ms_buses *buses, struct ms_archive *archive, int64_t now_ms)
{
  const struct ms_ledger *ledger = &buses->env->ledger;
  struct expiry expiry = {.end = ms_archive_key(archive, now_ms - archive->retention_ms)};
  int err = ledger->begin(&expiry.batch, ledger->user);
  if (err != 0) {
    return err;
  }
  err = ms_archive_scan(buses, archive, ms_archive_key(archive, 0), end_key(archive), 0, expire_row,
                        &expiry);
  err = err > 0 ? MSTEP_OK : err;
  if (err != 0 && expiry.batch != NULL) {
    expiry.batch->error = expiry.batch->error != 0 ? expiry.batch->error : err;
  }
  int end = ledger->end(ledger->user);
  if (err != 0 || end != 0) {
    return err != 0 ? err : end;
  }
  if (expiry.count == 0) {
    return MSTEP_OK; /* not on disk yet */
  }
  archive->oldest_key = expiry.oldest;
  archive->count -= expiry.count;
  archive->bytes -= expiry.bytes;
  for (uint64_t i = 0; i < expiry.count && archive->events != NULL; i++) {
    struct ms_archived *event = archive->events;
    archive->events = event->next;
    archive->last = archive->events == NULL ? NULL : archive->last;
    ms_free(event);
  }
  return MSTEP_OK;
}

void ms_archives_on_timer(struct ms_buses *buses, int64_t now_ms)
{
  for (struct ms_archive *archive = buses->archives; archive != NULL; archive = archive->next) {
    int64_t at_ms = expires_at_ms(archive);
    if (at_ms == 0 || at_ms > now_ms || now_ms < buses->expire_again_ms) {
      continue;
    }
    uint64_t before = archive->oldest_key;
    if (expire(buses, archive, now_ms) != 0 || archive->oldest_key == before) {
      buses->expire_again_ms = now_ms + AFTER_TROUBLE_MS;
    }
  }
}

/* ---- operations ---- */

/* NULL: *why says so. */
static struct ms_archive *asked(struct ms_buses *buses, struct ms_json request,
                                struct ms_queue_refusal *why)
{
  struct ms_str name = text_of(request, "ArchiveName");
  struct ms_archive *archive = find_archive(buses, name);
  if (archive == NULL) {
    ms_refuse(why, "ResourceNotFoundException", "Archive %.*s does not exist.", MS_STR_ARG(name));
  }
  return archive;
}

/* The lowest that no archive has. */
static int64_t free_number(const struct ms_buses *buses)
{
  bool is_taken[NUMBERS] = {false};
  int64_t number = 0;
  for (const struct ms_archive *archive = buses->archives; archive != NULL;
       archive = archive->next) {
    is_taken[archive->number] = true;
  }
  while (is_taken[number]) {
    number++;
  }
  return number;
}

static struct ms_json make_row(const struct ms_buses *buses, struct ms_json request)
{
  static const char *const members[] = {
      "ArchiveName",   "EventSourceArn",   "Description", "EventPattern",
      "RetentionDays", "KmsKeyIdentifier", NULL};
  struct ms_json row = ms_json_object(2), archive = ms_json_object(9);
  int err = ms_json_setc(&archive, "RetentionDays", ms_json_int(0));
  err |= ms_resource_copy(&archive, request, members);
  err |= ms_json_setc(&archive, "ArchiveArn",
                      ms_json_stringf("arn:aws:events:%s:%s:archive/%.*s", buses->env->region,
                                      buses->env->account,
                                      MS_STR_ARG(text_of(request, "ArchiveName"))));
  err |= ms_json_setc(&archive, "State", ms_json_cstring("ENABLED"));
  err |= ms_json_setc(&archive, "CreationTime",
                      ms_json_double((double)ms_loop_now_ms(buses->env->loop) / 1000));
  err |= ms_json_setc(&row, "Archive", archive);
  err |= ms_json_setc(&row, "Number", ms_json_int(free_number(buses)));
  if (err != 0) {
    ms_json_unref(row);
    return MS_JSON_VALUE_NONE;
  }
  return row;
}

static int answer(struct ms_json *reply, const struct ms_archive *archive)
{
  static const char *const members[] = {"ArchiveArn", "State", "CreationTime", NULL};
  *reply = ms_json_object(3);
  return ms_resource_copy(reply, archive->archive, members);
}

static int check(struct ms_buses *buses, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str name = text_of(request, "ArchiveName");
  struct ms_str bus = text_of(request, "EventSourceArn");
  size_t count = 0;
  if (!ms_rule_name_is_valid(name) || name.len > 48) {
    return ms_refuse(why, "ValidationException",
                     "1 validation error detected: Value '%.*s' at 'archiveName' failed to satisfy "
                     "constraint: Member must satisfy regular expression pattern: "
                     "[\\.\\-_A-Za-z0-9]+",
                     MS_STR_ARG(name));
  }
  if (!ms_str_has_prefix(bus, "arn:") || ms_bus_find(buses, bus) == NULL) {
    return ms_refuse(why, "ResourceNotFoundException", "Event bus %.*s does not exist.",
                     MS_STR_ARG(bus));
  }
  if (find_archive(buses, name) != NULL) {
    return ms_refuse(why, "ResourceAlreadyExistsException", "Archive %.*s already exists.",
                     MS_STR_ARG(name));
  }
  for (const struct ms_archive *at = buses->archives; at != NULL; at = at->next) {
    count++;
  }
  return count >= MS_ARCHIVES_MAX
             ? ms_refuse(why, "LimitExceededException",
                         "The requested resource exceeds the maximum number allowed.")
             : MSTEP_OK;
}

int ms_bus_create_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why)
{
  struct ms_archive *archive;
  int err = check(buses, request, why);
  err = err != 0 ? err : archive_new(&archive, make_row(buses, request), why);
  if (err != 0) {
    return err;
  }
  err = answer(reply, archive);
  err = err != 0 ? err
                 : ms_resource_save(&buses->env->ledger, "archive", archive->name, archive->row);
  if (err != 0) {
    archive_free(archive);
    return err;
  }
  link_archive(buses, archive);
  return MSTEP_OK;
}

int ms_bus_update_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why)
{
  static const char *const members[] = {"Description", "EventPattern", "RetentionDays",
                                        "KmsKeyIdentifier", NULL};
  struct ms_archive *old = asked(buses, request, why), *archive;
  if (old == NULL) {
    return MSTEP_EINVALID;
  }
  struct ms_json row = ms_json_ref(old->row), shown = ms_json_ref(old->archive);
  int err = ms_resource_copy(&shown, request, members);
  err |= ms_json_setc(&row, "Archive", shown);
  if (err != 0) {
    ms_json_unref(row);
    return ms_error_nomem();
  }
  err = archive_new(&archive, row, why);
  if (err != 0) {
    return err;
  }
  err = answer(reply, archive);
  err = err != 0 ? err
                 : ms_resource_save(&buses->env->ledger, "archive", archive->name, archive->row);
  if (err != 0) {
    archive_free(archive);
    return err;
  }
  archive->next_sequence = old->next_sequence;
  archive->count = old->count;
  archive->bytes = old->bytes;
  archive->oldest_key = old->oldest_key;
  archive->events = old->events;
  archive->last = old->last;
  for (struct ms_archived *event = archive->events; event != NULL; event = event->next) {
    event->archive = archive;
  }
  old->events = NULL;
  unlink_archive(buses, old);
  archive_free(old);
  link_archive(buses, archive);
  buses->env->touch(buses->env->user);
  return MSTEP_OK;
}

/* Its events go with it, in one change. */
int ms_bus_delete_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                          struct ms_queue_refusal *why)
{
  const struct ms_ledger *ledger = &buses->env->ledger;
  char from[MS_STORE_NUMBER_SIZE], to[MS_STORE_NUMBER_SIZE];
  struct ms_archive *archive = asked(buses, request, why);
  struct ms_batch *batch = NULL;
  (void)reply;
  int err = archive == NULL ? MSTEP_EINVALID : ledger->begin(&batch, ledger->user);
  if (err != 0) {
    return err;
  }
  ms_resource_remove(batch, "archive", archive->name);
  if (batch != NULL) {
    ms_batch_remove_range(batch, MS_TABLE_EVENT, ms_store_key(from, ms_archive_key(archive, 0)),
                          ms_store_key(to, end_key(archive)));
  }
  err = ledger->end(ledger->user);
  if (err == 0) {
    unlink_archive(buses, archive);
    archive_free(archive);
  }
  return err;
}

static struct ms_json describe(const struct ms_archive *archive, const char *const *members)
{
  struct ms_json out = ms_json_object(10);
  int err = ms_resource_copy(&out, archive->archive, members);
  err |= ms_json_setc(&out, "SizeBytes", ms_json_int((int64_t)archive->bytes));
  err |= ms_json_setc(&out, "EventCount", ms_json_int((int64_t)archive->count));
  if (err != 0) {
    ms_json_unref(out);
    return MS_JSON_VALUE_NONE;
  }
  return out;
}

int ms_bus_describe_archive(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                            struct ms_queue_refusal *why)
{
  static const char *const members[] = {
      "ArchiveArn", "ArchiveName",   "EventSourceArn",   "Description",  "EventPattern",
      "State",      "RetentionDays", "KmsKeyIdentifier", "CreationTime", NULL};
  const struct ms_archive *archive = asked(buses, request, why);
  if (archive == NULL) {
    return MSTEP_EINVALID;
  }
  *reply = describe(archive, members);
  return ms_json_is_none(*reply) ? ms_error_nomem() : MSTEP_OK;
}

int ms_bus_list_archives(struct ms_buses *buses, struct ms_json request, struct ms_json *reply,
                         struct ms_queue_refusal *why)
{
  static const char *const members[] = {"ArchiveName",   "EventSourceArn", "State",
                                        "RetentionDays", "CreationTime",   NULL};
  struct ms_str source = text_of(request, "EventSourceArn"), state = text_of(request, "State");
  struct ms_bus_page page;
  (void)why;
  ms_bus_page_begin(&page, request);
  for (const struct ms_archive *at = buses->archives; at != NULL; at = at->next) {
    if ((source.data == NULL || ms_str_eq(source, at->bus_arn)) &&
        (state.data == NULL || ms_str_is(state, "ENABLED")) && ms_bus_page_wants(&page, at->name)) {
      ms_bus_page_add(&page, describe(at, members));
    }
  }
  return ms_bus_page_end(&page, "Archives", reply);
}
