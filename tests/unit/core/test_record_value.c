/* Values as bytes: the very same value comes back, each tree is written once, large ones are documents. */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "mt.h"
#include "record.h"

static struct ms_json parse(const char *text)
{
  struct ms_json value;
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), &limits, NULL), 0);
  return value;
}

/* Bytes that it takes; 0: it did not come back. */
static size_t round_trip(struct ms_json value)
{
  struct ms_bytes_reader reader;
  struct ms_json again;
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  mt_eq_int(ms_record_write_value(&bytes, NULL, NULL, value), 0);
  ms_bytes_reader_init(&reader, ms_buf_view(&bytes));
  int status = ms_record_read_value(&again, NULL, NULL, &reader);
  if (status != 0)
    mt_fail("%d: %s", status, ms_error_detail());
  mt_ok(ms_bytes_is_end(&reader));
  size_t len = record_is_same(value, again) ? bytes.len : 0;
  ms_json_unref(again);
  ms_buf_deinit(&bytes);
  return len;
}

static const char *const texts[] = {"null",
                                    "true",
                                    "false",
                                    "0",
                                    "-0",
                                    "1",
                                    "223",
                                    "224",
                                    "-1",
                                    "9223372036854775807",
                                    "-9223372036854775808",
                                    "0.0",
                                    "-0.0",
                                    "1.0",
                                    "1e2",
                                    "5e-324",
                                    "1.7976931348623157e308",
                                    "0.1",
                                    "123456789012345680.0",
                                    "9223372036854775808",
                                    "1e400",
                                    "-1e-400",
                                    "123456789012345678901234567890",
                                    "\"\"",
                                    "\"text\"",
                                    "\"a\\u0000b\\\"\\\\\\n\"",
                                    "\"\xc3\xa9\xf0\x9f\x98\x80\"",
                                    "[]",
                                    "{}",
                                    "[[],{}]",
                                    "{\"b\":1,\"a\":{\"b\":[1,1.0,-0,-0.0,1e400]},\"\":null}",
                                    "[18446744073709551616,0.30000000000000004,1e21,1e-7]"};

MT_TEST(record_value__the_very_same_comes_back)
{
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct ms_json value = parse(texts[i]);
    if (round_trip(value) == 0)
      mt_report("%s is another", texts[i]);
    ms_json_unref(value);
  }
  mt_eq_int((long long)round_trip(MS_JSON_VALUE_NONE), 1);
}

MT_TEST(record_value__short_ones_are_short)
{
  static const struct {
    const char *text;
    size_t len;
  } rows[] = {{"null", 1}, {"true", 1}, {"0", 1},  {"223", 1}, {"-0", 1},      {"224", 3},
              {"-1", 2},   {"1.5", 9},  {"[]", 1}, {"{}", 1},  {"\"abc\"", 5}, {"[1]", 5}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_json value = parse(rows[i].text);
    mt_eq_int((long long)round_trip(value), (long long)rows[i].len);
    ms_json_unref(value);
  }
}

/* Lengths around those where the length of the length changes, as text and as string. */
MT_TEST(record_value__every_length)
{
  static const size_t lengths[] = {1,     124,   125,     126,     127,    128,   129,
                                   1023,  1024,  16379,   16380,   16381,  16382, 16383,
                                   16384, 16385, 2097150, 2097152, 3000000};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    char *text = ms_alloc(lengths[i]);
    memset(text, 'x', lengths[i]);
    struct ms_json string = ms_json_string((struct ms_str){text, lengths[i]});
    struct ms_json array = ms_json_array(1);
    mt_ok(round_trip(string) >= lengths[i]);
    mt_eq_int(ms_json_push(&array, string), 0);
    mt_ok(round_trip(array) >= lengths[i] + 4);
    ms_json_unref(array);
    ms_free(text);
  }
}

MT_TEST(record_value__the_deepest_nesting)
{
  char text[2 * MS_JSON_DEPTH_MAX + 1];
  memset(text, '[', MS_JSON_DEPTH_MAX);
  memset(text + MS_JSON_DEPTH_MAX, ']', MS_JSON_DEPTH_MAX);
  text[2 * MS_JSON_DEPTH_MAX] = '\0';
  struct ms_json value = parse(text);
  mt_ok(round_trip(value) > 0);
  ms_json_unref(value);
}

MT_TEST(record_value__a_number_of_many_digits)
{
  char text[5001];
  memset(text, '7', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  struct ms_json value = parse(text);
  mt_ok(round_trip(value) > 0);
  ms_json_unref(value);
}

/* ---- the same value again ---- */

static size_t write_all(struct ms_buf *bytes, struct ms_documents *documents,
                        const struct ms_document_io *io, const struct ms_json *values, size_t count)
{
  struct ms_event events[64];
  mt_ok(count <= 64);
  for (size_t i = 0; i < count; i++)
    events[i] = (struct ms_event){.type = MS_EVENT_STATE_ENTERED, .data = values[i]};
  size_t before = bytes->len;
  mt_eq_int(ms_record_write_events(bytes, documents, io, events, count), 0);
  return bytes->len - before;
}

static void read_all(struct ms_events *out, struct ms_documents *documents,
                     const struct ms_document_io *io, const struct ms_buf *bytes)
{
  int status = ms_record_read_events(out, documents, io, ms_buf_view(bytes));
  if (status != 0)
    mt_fail("%d: %s", status, ms_error_detail());
}

MT_TEST(record_value__a_tree_is_written_once)
{
  struct ms_json a = parse("{\"key\":\"a value of some length\"}");
  struct ms_json b = parse("[\"another\"]");
  struct ms_json values[] = {a, b, a, a, b, a};
  struct ms_events out = {0};
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  size_t two = write_all(&bytes, NULL, NULL, values, 2);
  ms_buf_reset(&bytes);
  mt_eq_int((long long)write_all(&bytes, NULL, NULL, values, 6), (long long)two + 4 * 4);
  read_all(&out, NULL, NULL, &bytes);
  for (size_t i = 0; i < 6; i++)
    mt_ok(ms_json_identical(out.items[i].data, values[i]));
  mt_ok(out.items[0].data.u.object == out.items[2].data.u.object);
  mt_ok(out.items[1].data.u.array == out.items[4].data.u.array);
  ms_events_deinit(&out);
  ms_buf_deinit(&bytes);
  ms_json_unref(a);
  ms_json_unref(b);
}

/* More trees than are remembered, each again and again: whatever is forgotten is only written again. */
MT_TEST(record_value__more_trees_than_are_remembered)
{
  struct ms_json trees[20], values[64];
  struct ms_events out = {0};
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  for (int i = 0; i < 20; i++)
    trees[i] = ms_json_stringf("tree %d", i);
  for (int i = 0; i < 64; i++)
    values[i] = trees[(i * i + i / 3) % 20];
  write_all(&bytes, NULL, NULL, values, 64);
  read_all(&out, NULL, NULL, &bytes);
  for (int i = 0; i < 64; i++)
    mt_ok(ms_json_identical(out.items[i].data, values[i]));
  ms_events_deinit(&out);
  ms_buf_deinit(&bytes);
  for (int i = 0; i < 20; i++)
    ms_json_unref(trees[i]);
}

/* ---- documents ---- */

static struct ms_json large(char letter)
{
  char text[MS_DOCUMENT_BYTES];
  memset(text, letter, sizeof text);
  struct ms_json array = ms_json_array(1);
  ms_json_push(&array, ms_json_string((struct ms_str){text, sizeof text}));
  return array;
}

MT_TEST(record_value__a_large_one_is_a_document)
{
  struct record_store store;
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct ms_json a = large('a'), b = large('b');
  struct ms_events out = {0};
  struct ms_buf bytes, more;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  ms_buf_init(&more, 0);
  mt_ok(write_all(&bytes, &written, &store.io, (struct ms_json[]){a, b, a}, 3) < 40);
  mt_ok(write_all(&more, &written, &store.io, (struct ms_json[]){b, a}, 2) < 30);
  mt_eq_int(store.puts, 2);
  mt_eq_int(written.next, 2);
  read_all(&out, &read, &store.io, &bytes);
  read_all(&out, &read, &store.io, &more);
  mt_eq_int(store.gets, 2);
  mt_ok(ms_json_identical(out.items[0].data, a) && ms_json_identical(out.items[3].data, b));
  mt_ok(out.items[0].data.u.array == out.items[4].data.u.array);
  /* What was read is known when it is written again. */
  ms_buf_reset(&more);
  write_all(&more, &read, &store.io, &out.items[1].data, 1);
  mt_eq_int(store.puts, 2);
  ms_events_deinit(&out);
  ms_json_unref(a);
  ms_json_unref(b);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&more);
  record_store_deinit(&store);
}

MT_TEST(record_value__strings_and_big_numbers_are_documents_too)
{
  struct record_store store;
  struct ms_documents written = {.next = 0};
  char text[MS_DOCUMENT_BYTES + 1];
  struct ms_events out = {0};
  struct ms_buf bytes;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  memset(text, '7', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  struct ms_json values[] = {ms_json_cstring(text), parse(text)};
  mt_eq_int(values[1].type, MS_JSON_BIG);
  write_all(&bytes, &written, &store.io, values, 2);
  mt_eq_int(store.puts, 2);
  struct ms_documents read = {.next = 0};
  read_all(&out, &read, &store.io, &bytes);
  mt_ok(record_is_same(out.items[0].data, values[0]));
  mt_ok(record_is_same(out.items[1].data, values[1]));
  ms_events_deinit(&out);
  ms_json_unref(values[0]);
  ms_json_unref(values[1]);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
}

static size_t held(const struct ms_documents *documents)
{
  return documents->items.count - documents->forgotten;
}

/* Of many it looks at some each time. */
static void prune_all(struct ms_documents *documents)
{
  for (int i = 0; i < 10; i++)
    ms_documents_prune(documents);
}

MT_TEST(record_value__documents_are_forgotten_when_nobody_holds_them)
{
  struct record_store store;
  struct ms_documents documents = {.next = 0};
  struct ms_buf bytes;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  struct ms_json kept[100], gone[100];
  for (int i = 0; i < 100; i++) {
    kept[i] = large((char)('a' + i % 26));
    gone[i] = large('-');
    write_all(&bytes, &documents, &store.io, (struct ms_json[]){kept[i], gone[i]}, 2);
  }
  prune_all(&documents);
  mt_eq_int((long long)held(&documents), 200);
  for (int i = 0; i < 100; i++)
    ms_json_unref(gone[i]);
  ms_documents_prune(&documents);
  mt_ok(held(&documents) < 200);
  prune_all(&documents);
  mt_eq_int((long long)held(&documents), 100);
  mt_eq_int(documents.next, 200);
  for (int i = 0; i < 100; i++)
    write_all(&bytes, &documents, &store.io, &kept[i], 1);
  mt_eq_int(store.puts, 200);
  for (int i = 0; i < 90; i++)
    ms_json_unref(kept[i]);
  ms_documents_prune(&documents);
  mt_eq_int((long long)held(&documents), 10);
  mt_ok(documents.items.count < 20);
  for (int i = 90; i < 100; i++) {
    write_all(&bytes, &documents, &store.io, &kept[i], 1);
    ms_json_unref(kept[i]);
  }
  mt_eq_int(store.puts, 200);
  ms_documents_prune(&documents);
  mt_ok(documents.items.data == NULL && documents.slots == NULL);
  mt_eq_int(documents.next, 200);
  ms_documents_deinit(&documents);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
}

/* Reads the same bytes again and again, and forgets what it has read in between. */
MT_TEST(record_value__a_forgotten_document_is_met_again)
{
  struct record_store store;
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct ms_json values[30];
  struct ms_events some = {0}, all = {0};
  struct ms_buf bytes, few;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  ms_buf_init(&few, 0);
  for (int i = 0; i < 30; i++)
    values[i] = large((char)('A' + i));
  write_all(&bytes, &written, &store.io, values, 30);
  write_all(&few, &written, &store.io, values + 3, 20);
  for (int round = 0; round < 40; round++) {
    read_all(&some, &read, &store.io, &few);
    ms_events_clear(&all);
    ms_documents_prune(&read);
    mt_eq_int((long long)held(&read), 20);
    read_all(&all, &read, &store.io, &bytes);
    mt_eq_int((long long)held(&read), 30);
    for (int i = 0; i < 30; i++)
      mt_ok(ms_json_identical(all.items[i].data, values[i]));
    mt_ok(all.items[3].data.u.array == some.items[0].data.u.array);
    ms_events_clear(round % 2 == 0 ? &some : &all);
    ms_documents_prune(&read);
    ms_events_clear(&some);
  }
  ms_events_deinit(&some);
  ms_events_deinit(&all);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  for (int i = 0; i < 30; i++)
    ms_json_unref(values[i]);
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&few);
  record_store_deinit(&store);
}

/* After a restart documents are met in any order. */
MT_TEST(record_value__documents_read_in_any_order)
{
  struct record_store store;
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct ms_json values[30];
  struct ms_events out = {0};
  struct ms_buf bytes;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  for (int i = 0; i < 30; i++)
    values[i] = large((char)('A' + i));
  write_all(&bytes, &written, &store.io, values, 30);
  ms_buf_reset(&bytes);
  struct ms_json shuffled[60];
  for (int i = 0; i < 60; i++)
    shuffled[i] = values[(i * 17 + 5) % 30];
  write_all(&bytes, &written, &store.io, shuffled, 60);
  read_all(&out, &read, &store.io, &bytes);
  mt_eq_int(store.gets, 30);
  mt_eq_int((long long)read.items.count, 30);
  for (int i = 0; i < 60; i++)
    mt_ok(ms_json_identical(out.items[i].data, shuffled[i]));
  for (size_t i = 0; i < read.items.count; i++)
    mt_eq_int(read.items.data[i].number, (long long)i);
  ms_events_deinit(&out);
  for (int i = 0; i < 30; i++)
    ms_json_unref(values[i]);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
}

MT_TEST(record_value__a_document_that_cannot_be_kept)
{
  struct record_store store;
  struct ms_documents documents = {.next = 0};
  struct ms_json value = large('a');
  struct ms_buf bytes;
  record_store_init(&store);
  ms_buf_init(&bytes, 0);
  store.fail_with = MSTEP_EIO;
  mt_eq_int(ms_record_write_value(&bytes, &documents, &store.io, value), MSTEP_EIO);
  mt_eq_int((long long)documents.items.count, 0);
  mt_eq_int(documents.next, 0);
  store.fail_with = 0;
  ms_buf_reset(&bytes);
  mt_eq_int(ms_record_write_value(&bytes, &documents, &store.io, value), 0);
  struct ms_bytes_reader reader;
  struct ms_json again;
  store.fail_with = MSTEP_ENOTFOUND;
  struct ms_documents none = {.next = 0};
  ms_bytes_reader_init(&reader, ms_buf_view(&bytes));
  mt_eq_int(ms_record_read_value(&again, &none, &store.io, &reader), MSTEP_ENOTFOUND);
  mt_ok(ms_json_is_none(again));
  ms_bytes_reader_init(&reader, ms_buf_view(&bytes));
  mt_eq_int(ms_record_read_value(&again, NULL, NULL, &reader), MSTEP_EIO);
  ms_documents_deinit(&none);
  ms_documents_deinit(&documents);
  ms_json_unref(value);
  ms_buf_deinit(&bytes);
  record_store_deinit(&store);
}

/* ---- the execution's input ---- */

MT_TEST(record_value__the_input_stays_the_same_value)
{
  struct ms_documents written = {.next = 0}, read = {.next = 0};
  struct ms_json input = parse("{\"n\":7}");
  struct ms_events out = {0};
  struct ms_buf bytes, more;
  ms_buf_init(&bytes, 0);
  ms_buf_init(&more, 0);
  struct ms_event events[] = {{.id = 1, .type = MS_EVENT_EXECUTION_STARTED, .data = input},
                              {.id = 2, .type = MS_EVENT_STATE_ENTERED, .data = input}};
  for (int i = 0; i < 2; i++) { /* the second time it is known, and written all the same */
    ms_buf_reset(&bytes);
    mt_eq_int(ms_record_write_events(&bytes, &written, NULL, events, 2), 0);
  }
  mt_eq_int(ms_record_write_events(&more, &written, NULL, events + 1, 1), 0);
  read_all(&out, &read, NULL, &bytes);
  read_all(&out, &read, NULL, &more);
  mt_ok(out.items[0].data.u.object == out.items[2].data.u.object);
  mt_eq_json(out.items[2].data, "{\"n\":7}");
  /* A value of its own says all that it is. */
  struct ms_bytes_reader reader;
  struct ms_json again;
  ms_buf_reset(&bytes);
  mt_eq_int(ms_record_write_value(&bytes, &written, NULL, input), 0);
  ms_bytes_reader_init(&reader, ms_buf_view(&bytes));
  mt_eq_int(ms_record_read_value(&again, NULL, NULL, &reader), 0);
  mt_eq_json(again, "{\"n\":7}");
  ms_json_unref(again);
  ms_buf_reset(&bytes);
  mt_eq_int(ms_record_write_events(&bytes, &written, NULL, events, 2), 0);
  /* Who knows the input gets it, and no other of the same text. */
  read_all(&out, &read, NULL, &bytes);
  for (int i = 3; i < 5; i++)
    mt_ok(out.items[i].data.u.object == out.items[0].data.u.object);
  ms_documents_deinit(&read);
  struct ms_events none = {0};
  mt_eq_int(ms_record_read_events(&none, &read, NULL, ms_buf_view(&more)), MSTEP_EIO);
  ms_events_deinit(&none);
  ms_events_deinit(&out);
  ms_documents_deinit(&written);
  ms_documents_deinit(&read);
  ms_json_unref(input);
  ms_buf_deinit(&bytes);
  ms_buf_deinit(&more);
}

/* ---- what is wrong ---- */

static int read_bytes(const char *data, size_t len)
{
  struct ms_bytes_reader reader;
  struct ms_json value;
  ms_bytes_reader_init(&reader, (struct ms_str){data, len});
  int status = ms_record_read_value(&value, NULL, NULL, &reader);
  mt_ok(status == 0 || ms_json_is_none(value));
  ms_json_unref(value);
  return status;
}

MT_TEST(record_value__what_is_no_value)
{
  mt_eq_int(read_bytes("", 0), MSTEP_EIO);
  mt_eq_int(read_bytes("\x0d", 1), MSTEP_EIO);             /* no such kind */
  mt_eq_int(read_bytes("\x10", 1), MSTEP_EIO);             /* nothing was before */
  mt_eq_int(read_bytes("\x0a", 1), MSTEP_EIO);             /* no input */
  mt_eq_int(read_bytes("\x07\x02\xff\xff", 4), MSTEP_EIO); /* not UTF-8 */
  mt_eq_int(read_bytes("\x07\x03"
                       "ab",
                       4),
            MSTEP_EIO);
  mt_eq_int(read_bytes("\x08\x02[1", 4), MSTEP_EIO);
  mt_eq_int(read_bytes("\x08\x01"
                       "1",
                       3),
            MSTEP_EIO); /* a scalar as text */
  mt_eq_int(read_bytes("\x06\x00\x00\x00\x00\x00\x00\xf0\x7f", 9), MSTEP_EIO); /* infinite */
  mt_eq_int(read_bytes("\x06\x00\x00\x00\x00\x00\x00\xf8\x7f", 9), MSTEP_EIO); /* not a number */
  mt_eq_int(read_bytes("\x09\x00", 2), MSTEP_EIO);                             /* no documents */
  mt_eq_int(read_bytes("\x06\x00\x00\x00\x00\x00\x00\xf0\x3f", 9), 0);
}
