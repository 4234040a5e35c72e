/* Query and Scan: a range of rows, a page of it, what a filter lets through. */
#include "base/error.h"
#include "messaging/resource.h"
#include "messaging/table_item.h"

struct ask {
  struct ms_item_table *table;
  const struct ms_table_index *index; /* NULL: the items themselves */
  const struct ms_table_schema *schema;
  struct ms_table_words words;
  const struct ms_table_term *filter;
  struct ms_table_paths projection;
  struct ms_buf from, to; /* keys */
  int64_t limit;          /* 0: none */
  bool is_reverse, is_count, is_consistent, shows_whole;
  struct ms_json items; /* answered */
  struct ms_json last;  /* row of the latest one looked at */
  size_t bytes, scanned, count;
  bool has_more;
};

/* ---- keys ---- */

static unsigned part_of(const struct ask *ask)
{
  return ask->index == NULL ? MS_TABLE_PART_ITEMS : ask->index->number;
}

static bool is_path_to(const struct ms_table_term *term, struct ms_str name)
{
  return name.data != NULL && term->kind == MS_TERM_PATH && term->path.count == 1 &&
         ms_str_eq(term->path.steps[0].name, name);
}

/* Behind all rows with that very sort key; in the items that is the one row. */
static void put_behind(struct ms_buf *key, const struct ask *ask)
{
  if (ask->index == NULL) {
    ms_buf_char(key, '\0');
  } else {
    ms_table_key_end(key);
  }
}

static void put_start(struct ms_buf *key, const struct ask *ask, struct ms_json hash)
{
  ms_buf_reset(key);
  ms_table_put_partition(key, ask->table, part_of(ask), hash);
}

static void put_sort(struct ms_buf *key, const struct ask *ask, struct ms_json hash,
                     struct ms_json range, bool is_behind)
{
  put_start(key, ask, hash);
  ms_table_put_sort(key, part_of(ask), range, true);
  if (is_behind) {
    put_behind(key, ask);
  }
}

/* Narrows the partition to what the condition on the sort key says. */
static void narrow(struct ask *ask, const struct ms_table_term *term, struct ms_json hash)
{
  struct ms_json value = term->args->next->value;
  switch (term->kind) {
  case MS_TERM_EQ:
    put_sort(&ask->from, ask, hash, value, false);
    put_sort(&ask->to, ask, hash, value, true);
    break;
  case MS_TERM_LT:
  case MS_TERM_LE:
    put_sort(&ask->to, ask, hash, value, term->kind == MS_TERM_LE);
    break;
  case MS_TERM_GT:
  case MS_TERM_GE:
    put_sort(&ask->from, ask, hash, value, term->kind == MS_TERM_GT);
    break;
  case MS_TERM_BETWEEN:
    put_sort(&ask->from, ask, hash, value, false);
    put_sort(&ask->to, ask, hash, term->args->next->next->value, true);
    break;
  default: /* begins_with */
    put_start(&ask->from, ask, hash);
    put_start(&ask->to, ask, hash);
    ms_table_put_sort(&ask->from, part_of(ask), value, false);
    ms_table_put_sort(&ask->to, part_of(ask), value, false);
    ms_table_key_end(&ask->to);
    break;
  }
}

static bool is_key_operator(enum ms_table_term_kind kind)
{
  return kind == MS_TERM_EQ || (kind >= MS_TERM_LT && kind <= MS_TERM_BETWEEN) ||
         kind == MS_TERM_BEGINS_WITH;
}

static int check_key_term(const struct ms_table_term *term, const struct ms_table_key *key,
                          struct ms_queue_refusal *why)
{
  for (const struct ms_table_term *one = term->args->next; one != NULL; one = one->next) {
    struct ms_str type = ms_table_type(one->value);
    if (one->kind != MS_TERM_VALUE) {
      return ms_table_invalid(why, "Invalid KeyConditionExpression: Invalid operator used in "
                                   "KeyConditionExpression: attribute name");
    }
    if (type.len != 1 || type.data[0] != key->type) {
      return ms_table_invalid(why, "One or more parameter values were invalid: Condition parameter "
                                   "type does not match schema type");
    }
    if (ms_table_value_size(one->value) == 0 && key->type != 'N' && term->kind == MS_TERM_EQ) {
      return ms_table_invalid(
          why,
          "One or more parameter values are not valid. The AttributeValue for a "
          "key attribute cannot contain an empty %s value. Key: %.*s",
          key->type == 'S' ? "string" : "binary", MS_STR_ARG(key->name));
    }
    if (ms_table_value_size(one->value) > 2048) {
      return ms_table_invalid(why, "One or more parameter values were invalid: Size of a key has "
                                   "exceeded the maximum size limit");
    }
  }
  return MSTEP_OK;
}

/* The one term, or two of an AND. */
static int pick_terms(const struct ms_table_term **hash, const struct ms_table_term **range,
                      const struct ask *ask, const struct ms_table_term *condition,
                      struct ms_queue_refusal *why)
{
  bool is_and = condition->kind == MS_TERM_AND;
  const struct ms_table_term *term = is_and ? condition->args : condition;
  *hash = *range = NULL;
  for (unsigned count = 0; term != NULL; term = is_and ? term->next : NULL, count++) {
    if (!is_key_operator(term->kind)) {
      return ms_table_invalid(why, "Invalid operator used in KeyConditionExpression");
    }
    if (is_path_to(term->args, ask->schema->hash.name) && *hash == NULL &&
        term->kind == MS_TERM_EQ) {
      *hash = term;
    } else if (is_path_to(term->args, ask->schema->range.name) && *range == NULL) {
      *range = term;
    } else if (is_path_to(term->args, ask->schema->hash.name)) {
      return ms_table_invalid(why, "Query key condition not supported");
    } else {
      struct ms_str missing =
          ask->schema->range.name.data != NULL ? ask->schema->range.name : ask->schema->hash.name;
      return ms_table_invalid(why, "Query condition missed key schema element: %.*s",
                              MS_STR_ARG(missing));
    }
  }
  if (*hash == NULL) {
    return ms_table_invalid(why, "Query condition missed key schema element: %.*s",
                            MS_STR_ARG(ask->schema->hash.name));
  }
  return MSTEP_OK;
}

static int take_key_condition(struct ask *ask, struct ms_json request, struct ms_queue_refusal *why)
{
  const struct ms_table_term *condition, *hash, *range;
  int err =
      ms_table_condition_parse(&condition, &ask->words, request, "KeyConditionExpression", why);
  if (err == 0 && condition == NULL) {
    err = ms_table_invalid(why,
                           "Either the KeyConditions or KeyConditionExpression parameter must be "
                           "specified in the request.");
  }
  err = err != 0 ? err : pick_terms(&hash, &range, ask, condition, why);
  err = err != 0 ? err : check_key_term(hash, &ask->schema->hash, why);
  err = err != 0 || range == NULL ? err : check_key_term(range, &ask->schema->range, why);
  if (err != 0) {
    return err;
  }
  struct ms_json value = hash->args->next->value;
  put_start(&ask->from, ask, value);
  put_start(&ask->to, ask, value);
  ms_table_key_end(&ask->to);
  if (range != NULL) {
    narrow(ask, range, value);
  }
  return MSTEP_OK;
}

/* ---- what both have ---- */

static int take_index(struct ask *ask, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str name = ms_table_text(request, "IndexName");
  ask->schema = &ask->table->shape.schema;
  if (name.data == NULL) {
    return MSTEP_OK;
  }
  ask->index = ms_table_index_named(ask->table, name);
  if (ask->index == NULL) {
    return ms_table_invalid(why, "The table does not have the specified index: %.*s",
                            name.len > 255 ? 255 : (int)name.len, name.data);
  }
  ask->schema = &ask->index->schema;
  return ask->is_consistent && !ask->index->is_local
             ? ms_table_invalid(why,
                                "Consistent reads are not supported on global secondary indexes")
             : MSTEP_OK;
}

static int take_select(struct ask *ask, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_str select = ms_table_text(request, "Select");
  bool has_projection = ask->projection.count > 0;
  bool is_global = ask->index != NULL && !ask->index->is_local;
  ask->is_count = ms_str_is(select, "COUNT");
  if (has_projection && select.data != NULL && !ms_str_is(select, "SPECIFIC_ATTRIBUTES")) {
    return ms_table_invalid(why,
                            "Cannot specify the ProjectionExpression when choosing to get %.*s",
                            select.len > 50 ? 50 : (int)select.len, select.data);
  }
  if (ms_str_is(select, "SPECIFIC_ATTRIBUTES") && !has_projection) {
    return ms_table_invalid(why, "Must specify the AttributesToGet or ProjectionExpression when "
                                 "choosing to get SPECIFIC_ATTRIBUTES");
  }
  if (ms_str_is(select, "ALL_PROJECTED_ATTRIBUTES") && ask->index == NULL) {
    return ms_table_invalid(why, "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an "
                                 "IndexName");
  }
  if (ms_str_is(select, "ALL_ATTRIBUTES") && is_global && ask->index->projection != MS_TABLE_ALL) {
    return ms_table_invalid(why,
                            "One or more parameter values were invalid: Select type "
                            "ALL_ATTRIBUTES is not supported for global secondary index %.*s "
                            "because its projection type is not ALL",
                            MS_STR_ARG(ask->index->name));
  }
  ask->shows_whole = ask->index == NULL || has_projection || ms_str_is(select, "ALL_ATTRIBUTES");
  return MSTEP_OK;
}

static int take_limit(struct ask *ask, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_json limit = ms_json_getc(request, "Limit");
  ask->limit = 0;
  if (ms_json_to_int(&ask->limit, limit) && ask->limit < 1) {
    return ms_table_invalid(why,
                            "1 validation error detected: Value '%lld' at 'limit' failed to "
                            "satisfy constraint: Member must have value greater than or equal "
                            "to 1",
                            (long long)ask->limit);
  }
  return MSTEP_OK;
}

/* Goes on behind the row that ExclusiveStartKey tells. */
static int take_start(struct ask *ask, struct ms_json request, struct ms_queue_refusal *why)
{
  struct ms_json asked = ms_json_getc(request, "ExclusiveStartKey"), key = MS_JSON_VALUE_NONE;
  struct ms_buf at;
  if (!ms_json_is_object(asked)) {
    return MSTEP_OK;
  }
  ms_buf_init(&at, 0);
  int err = ms_table_item_check(&key, asked, why);
  if (err == 0 && ms_table_key_check_item(ask->table, key, why) != 0) {
    err = ms_table_invalid(why, "The provided starting key is invalid");
  }
  if (err == 0 && ask->index == NULL) {
    ms_table_put_key(&at, ask->table, key);
  } else if (err == 0 && !ms_table_put_index_key(&at, ask->table, ask->index, key)) {
    err = ms_table_invalid(why, "The provided starting key is invalid");
  }
  err = err != 0 ? err : at.error;
  if (err == 0 && (ms_str_cmp(ms_buf_view(&at), ms_buf_view(&ask->from)) < 0 ||
                   ms_str_cmp(ms_buf_view(&at), ms_buf_view(&ask->to)) >= 0)) {
    err = ms_table_invalid(why, "The provided starting key is outside query boundaries based on "
                                "provided conditions");
  }
  if (err == 0) {
    struct ms_buf *bound = ask->is_reverse ? &ask->to : &ask->from;
    ms_buf_reset(bound);
    ms_buf_str(bound, ms_buf_view(&at));
    if (!ask->is_reverse) {
      ms_buf_char(bound, '\0');
    }
  }
  ms_json_unref(key);
  ms_buf_deinit(&at);
  return err;
}

static bool mentions(const struct ms_table_term *term, struct ms_str name)
{
  if (name.data == NULL) {
    return false;
  }
  if ((term->kind == MS_TERM_PATH) && ms_str_eq(term->path.steps[0].name, name)) {
    return true;
  }
  for (const struct ms_table_term *one = term->args; one != NULL; one = one->next) {
    if (mentions(one, name)) {
      return true;
    }
  }
  return false;
}

/* A query's filter may not ask for the key. */
static int check_filter(const struct ask *ask, struct ms_queue_refusal *why)
{
  const struct ms_str names[] = {ask->schema->hash.name, ask->schema->range.name};
  for (size_t i = 0; i < 2 && ask->filter != NULL; i++) {
    if (mentions(ask->filter, names[i])) {
      return ms_table_invalid(why,
                              "Filter Expression can only contain non-primary key attributes: "
                              "Primary key attribute: %.*s",
                              MS_STR_ARG(names[i]));
    }
  }
  return MSTEP_OK;
}

/* Scan: all of it, or its part of so many. */
static int take_segment(struct ask *ask, struct ms_json request, struct ms_queue_refusal *why)
{
  int64_t segment = 0, total = 1;
  bool has_segment = ms_json_to_int(&segment, ms_json_getc(request, "Segment"));
  bool has_total = ms_json_to_int(&total, ms_json_getc(request, "TotalSegments"));
  if (has_segment != has_total) {
    return ms_table_invalid(why, has_total
                                     ? "The Segment parameter is required but was not present "
                                       "in the request when parameter TotalSegments is present"
                                     : "The TotalSegments parameter is required but was not "
                                       "present in the request when Segment parameter is "
                                       "present");
  }
  if (total < 1 || total > 1000000 || segment < 0 || segment >= total) {
    return ms_table_invalid(why,
                            "The Segment parameter is zero-based and must be less than parameter "
                            "TotalSegments: Segment: %lld is not less than TotalSegments: %lld",
                            (long long)segment, (long long)total);
  }
  ms_table_put_prefix(&ask->from, ask->table, part_of(ask));
  ms_table_put_prefix(&ask->to, ask->table, part_of(ask));
  if (segment > 0) { /* hashes of partitions are spread evenly: cut by their first four bytes */
    uint32_t cut = (uint32_t)(((uint64_t)segment << 32) / (uint64_t)total);
    const char bytes[] = {(char)(cut >> 24), (char)(cut >> 16), (char)(cut >> 8), (char)cut};
    ms_buf_put(&ask->from, bytes, sizeof bytes);
  }
  if (segment + 1 < total) {
    uint32_t cut = (uint32_t)(((uint64_t)(segment + 1) << 32) / (uint64_t)total);
    const char bytes[] = {(char)(cut >> 24), (char)(cut >> 16), (char)(cut >> 8), (char)cut};
    ms_buf_put(&ask->to, bytes, sizeof bytes);
  } else {
    ms_table_key_end(&ask->to);
  }
  return MSTEP_OK;
}

static int take_request(struct ask *ask, struct ms_tables *tables, struct ms_json request,
                        bool is_query, struct ms_queue_refusal *why)
{
  struct ms_json forward = ms_json_getc(request, "ScanIndexForward");
  ask->is_reverse = is_query && ms_json_is_bool(forward) && !ms_json_is_true(forward);
  ask->is_consistent = ms_json_is_true(ms_json_getc(request, "ConsistentRead"));
  ask->table = ms_table_asked(tables, request, why);
  int err = ask->table == NULL ? MSTEP_EINVALID : ms_table_no_legacy(request, why);
  err = err != 0 ? err : take_index(ask, request, why);
  err = err != 0 ? err : take_limit(ask, request, why);
  err = err != 0 ? err : ms_table_words_init(&ask->words, request, why);
  err = err != 0
            ? err
            : ms_table_condition_parse(&ask->filter, &ask->words, request, "FilterExpression", why);
  err = err != 0 ? err : ms_table_projection_parse(&ask->projection, &ask->words, request, why);
  err = err != 0 ? err : take_select(ask, request, why);
  if (err == 0 && is_query) {
    err = take_key_condition(ask, request, why);
    err = err != 0 ? err : check_filter(ask, why);
  } else if (err == 0) {
    err = take_segment(ask, request, why);
  }
  err = err != 0 ? err : ms_table_words_check(&ask->words, why);
  err = err != 0 ? err : (ask->from.error != 0 ? ask->from.error : ask->to.error);
  return err != 0 ? err : take_start(ask, request, why);
}

/* ---- rows ---- */

/* As the answer shows it. */
static int add_item(struct ask *ask, struct ms_json item)
{
  struct ms_json shown = MS_JSON_VALUE_NONE;
  ask->count++;
  if (ask->is_count) {
    return MSTEP_OK;
  }
  int err = MSTEP_OK;
  if (ask->projection.count > 0) {
    err = ms_table_project(&shown, &ask->projection, item);
  } else if (ask->shows_whole) {
    shown = ms_json_ref(item);
  } else {
    err = ms_table_project_index(&shown, ask->table, ask->index, item);
  }
  return err != 0 ? err : ms_json_push(&ask->items, shown);
}

static int look_at(struct ms_str key, struct ms_str row, void *user)
{
  struct ask *ask = user;
  struct ms_json item = MS_JSON_VALUE_NONE;
  (void)key;
  if (ask->bytes >= MS_TABLE_PAGE_BYTES || (ask->limit > 0 && ask->scanned == (size_t)ask->limit)) {
    ask->has_more = true;
    return 1;
  }
  int err = ms_table_row_parse(&item, row);
  if (err != 0) {
    return err;
  }
  ask->scanned++;
  ask->bytes += ms_table_item_size(item);
  ms_json_replace(&ask->last, ms_json_ref(item));
  if (ms_table_condition_holds(ask->filter, item)) {
    err = add_item(ask, item);
  }
  ms_json_unref(item);
  return err;
}

/* The key to go on behind: the item's, and the index's. */
static int put_last(struct ms_json *reply, const struct ask *ask)
{
  struct ms_json key = ms_table_key_of(ask->table, ask->last);
  int err = ms_json_is_none(key) ? ms_error_nomem() : MSTEP_OK;
  const struct ms_str names[] = {ask->schema->hash.name, ask->schema->range.name};
  for (size_t i = 0; i < 2 && err == 0; i++) {
    if (names[i].data != NULL) {
      err = ms_json_set(&key, names[i], ms_json_ref(ms_json_get(ask->last, names[i])));
    }
  }
  return err != 0 ? (ms_json_unref(key), err) : ms_json_setc(reply, "LastEvaluatedKey", key);
}

static int answer(struct ms_json *reply, struct ask *ask, struct ms_json request)
{
  bool is_full = ask->has_more || (ask->limit > 0 && ask->scanned == (size_t)ask->limit);
  *reply = ms_json_object(5);
  int err = ask->is_count ? MSTEP_OK : ms_json_setc(reply, "Items", ms_json_ref(ask->items));
  err = err != 0 ? err : ms_json_setc(reply, "Count", ms_json_int((int64_t)ask->count));
  err = err != 0 ? err : ms_json_setc(reply, "ScannedCount", ms_json_int((int64_t)ask->scanned));
  err = err != 0 || !is_full || ask->scanned == 0 ? err : put_last(reply, ask);
  return err != 0 ? err
                  : ms_table_put_capacity(reply, request, ask->table, ask->index,
                                          ms_table_read_units(ask->bytes, ask->is_consistent));
}

static int carry_out(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                     bool is_query, struct ms_queue_refusal *why)
{
  struct ask ask = {.limit = 0};
  ms_buf_init(&ask.from, 0);
  ms_buf_init(&ask.to, 0);
  int err = take_request(&ask, tables, request, is_query, why);
  if (err == 0) {
    ask.items = ms_json_array(0);
    const struct ms_scan scan = {.table = MS_TABLE_ITEM,
                                 .from = ms_buf_view(&ask.from),
                                 .to = ms_buf_view(&ask.to),
                                 .is_reverse = ask.is_reverse};
    bool is_empty = ms_str_cmp(scan.from, scan.to) >= 0;
    err = ms_json_is_none(ask.items) ? ms_error_nomem() : MSTEP_OK;
    err = err != 0 || is_empty ? err : ms_table_rows_scan(&tables->rows, &scan, look_at, &ask);
    err = err > 0 ? MSTEP_OK : err;
    tables->read += ask.scanned;
  }
  err = err != 0 ? err : answer(reply, &ask, request);
  ms_table_words_deinit(&ask.words);
  ms_buf_deinit(&ask.from);
  ms_buf_deinit(&ask.to);
  ms_json_unref(ask.items);
  ms_json_unref(ask.last);
  return err;
}

int ms_table_query(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                   struct ms_queue_refusal *why)
{
  return carry_out(tables, request, reply, true, why);
}

int ms_table_scan(struct ms_tables *tables, struct ms_json request, struct ms_json *reply,
                  struct ms_queue_refusal *why)
{
  return carry_out(tables, request, reply, false, why);
}
