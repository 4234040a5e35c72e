/*
 * Values as bytes and back; the form is drawn in record_internal.h. Which values there are, and in
 * what order, is the business of the files beside this one.
 */
#include <math.h>

#include "base/error.h"
#include "base/utf8.h"
#include "core/record_internal.h"

#define SMALL_MAX (UINT8_MAX - MS_RECORD_FIRST_SMALL)

/* ---- the values used last ---- */

static void recent_put_front(struct ms_recent *recent, struct ms_json value, uint32_t from)
{
  memmove(&recent->values[1], &recent->values[0], from * sizeof value);
  recent->values[0] = value;
}

static void recent_add(struct ms_recent *recent, struct ms_json value)
{
  if (recent->count < MS_RECORD_RECENT)
    recent->count++;
  recent_put_front(recent, value, recent->count - 1);
}

/* Its place before it went to the front, or the count when it is not there. */
static uint32_t recent_use(struct ms_recent *recent, struct ms_json value)
{
  uint32_t place = 0;
  while (place < recent->count && !ms_record_is_same(recent->values[place], value))
    place++;
  if (place < recent->count)
    recent_put_front(recent, value, place);
  return place;
}

/* ---- writing ---- */

void ms_record_writer_init(struct ms_record_writer *writer, struct ms_buf *out,
                           struct ms_documents *documents, const struct ms_document_io *io)
{
  writer->out = out;
  writer->documents = documents;
  writer->io = documents != NULL && io != NULL && io->put != NULL ? io : NULL;
  writer->knows_input = documents != NULL;
  writer->error = 0;
  writer->recent.count = 0;
}

int ms_record_writer_error(const struct ms_record_writer *writer)
{
  if (writer->error != 0)
    return writer->error;
  if (writer->out->error == MSTEP_ENOMEM)
    return ms_error_nomem();
  return writer->out->error == 0 ? 0 : ms_error(writer->out->error, "a record is too large");
}

static void put_byte(struct ms_record_writer *writer, unsigned value)
{
  ms_buf_char(writer->out, (char)value);
}

static void put_int(struct ms_record_writer *writer, struct ms_json value)
{
  if (value.reserved != 0) {
    put_byte(writer, MS_RECORD_NEGATIVE_ZERO);
  } else if (value.u.integer >= 0 && value.u.integer <= SMALL_MAX) {
    put_byte(writer, MS_RECORD_FIRST_SMALL + (unsigned)value.u.integer);
  } else {
    put_byte(writer, MS_RECORD_INT);
    ms_bytes_put_signed(writer->out, value.u.integer);
  }
}

static void put_scalar(struct ms_record_writer *writer, struct ms_json value)
{
  uint64_t bits;
  switch (value.type) {
  case MS_JSON_NULL:
    put_byte(writer, MS_RECORD_NULL);
    break;
  case MS_JSON_BOOL:
    put_byte(writer, value.u.boolean ? MS_RECORD_TRUE : MS_RECORD_FALSE);
    break;
  case MS_JSON_INT:
    put_int(writer, value);
    break;
  case MS_JSON_DOUBLE:
    memcpy(&bits, &value.u.number, sizeof bits);
    put_byte(writer, MS_RECORD_DOUBLE);
    ms_bytes_put_fixed64(writer->out, bits);
    break;
  default:
    put_byte(writer, MS_RECORD_NONE);
    break;
  }
}

/* Takes back what was appended from there on. */
static void cut_back(struct ms_buf *out, size_t len)
{
  out->len = len;
  out->data[len] = '\0';
}

static void put_document_number(struct ms_record_writer *writer, uint32_t number)
{
  put_byte(writer, MS_RECORD_DOCUMENT);
  ms_bytes_put_number(writer->out, number);
}

static int make_document(struct ms_record_writer *writer, struct ms_json value, struct ms_str text)
{
  struct ms_documents *documents = writer->documents;
  uint32_t number = documents->next;
  if (number == UINT32_MAX)
    return ms_error(MSTEP_ETOOBIG, "too many documents of one execution");
  int status = ms_documents_reserve(documents);
  if (status == 0)
    status = writer->io->put(number, text, writer->io->user);
  if (status == 0)
    ms_documents_add(documents, value, number);
  return status;
}

/* The text from `at` to the end becomes a document, or gets its length in front. */
static void finish_text(struct ms_record_writer *writer, struct ms_json value, size_t at)
{
  struct ms_buf *out = writer->out;
  size_t len = out->len - at;
  if (out->error != 0)
    return;
  if (len > MS_JSON_SIZE_MAX) { /* what the parser would not take back */
    writer->error = ms_error(MSTEP_ETOOBIG, "a value of %zu bytes is too large to be kept", len);
    return;
  }
  if (writer->io != NULL && len >= MS_DOCUMENT_BYTES) {
    writer->error = make_document(writer, value, (struct ms_str){out->data + at, len});
    cut_back(out, at - 2);
    if (writer->error == 0)
      put_document_number(writer, writer->documents->next - 1);
    return;
  }
  /* One byte was left for the length. Texts are short, or there is much to do for them anyway. */
  char digits[MS_BYTES_NUMBER_MAX];
  size_t count = 0, rest = len;
  for (; rest >= 0x80; rest >>= 7)
    digits[count++] = (char)(rest | 0x80);
  digits[count++] = (char)rest;
  if (ms_buf_reserve(out, count) == NULL)
    return;
  memmove(out->data + at - 1 + count, out->data + at, len);
  memcpy(out->data + at - 1, digits, count);
  ms_buf_added(out, count - 1);
}

static void put_text(struct ms_record_writer *writer, struct ms_json value)
{
  put_byte(writer, MS_RECORD_TEXT);
  put_byte(writer, 0);
  size_t at = writer->out->len;
  ms_json_print(writer->out, value);
  finish_text(writer, value, at);
}

/* A value that is not known yet. */
static void put_new(struct ms_record_writer *writer, struct ms_json value)
{
  struct ms_str text = ms_json_text(value);
  if (value.type == MS_JSON_STRING && (writer->io == NULL || text.len < MS_DOCUMENT_BYTES)) {
    put_byte(writer, MS_RECORD_STRING);
    ms_bytes_put_text(writer->out, text);
  } else if (value.type == MS_JSON_ARRAY && ms_json_count(value) == 0) {
    put_byte(writer, MS_RECORD_EMPTY_ARRAY);
  } else if (value.type == MS_JSON_OBJECT && ms_json_count(value) == 0) {
    put_byte(writer, MS_RECORD_EMPTY_OBJECT);
  } else {
    put_text(writer, value);
  }
}

static void put_counted(struct ms_record_writer *writer, struct ms_json value)
{
  const struct ms_documents *documents = writer->documents;
  uint32_t place = recent_use(&writer->recent, value);
  uint32_t number;
  if (place < writer->recent.count) {
    put_byte(writer, MS_RECORD_FIRST_RECENT + place);
    return;
  }
  if (writer->knows_input && ms_record_is_same(documents->input, value))
    put_byte(writer, MS_RECORD_INPUT);
  else if (writer->io != NULL && ms_documents_find(&number, documents, value))
    put_document_number(writer, number);
  else
    put_new(writer, value);
  recent_add(&writer->recent, value);
}

void ms_record_put(struct ms_record_writer *writer, struct ms_json value)
{
  if (writer->error != 0)
    return;
  if (ms_record_is_counted(value))
    put_counted(writer, value);
  else
    put_scalar(writer, value);
}

/* ---- reading ---- */

void ms_record_reader_init(struct ms_record_reader *reader, struct ms_bytes_reader *bytes,
                           struct ms_documents *documents, const struct ms_document_io *io)
{
  reader->bytes = bytes;
  reader->documents = documents;
  reader->io = io != NULL && io->get != NULL ? io : NULL;
  reader->recent.count = 0;
}

/* Any other error than of the bytes themselves; sticky there, too. */
static struct ms_json fail_with(struct ms_record_reader *reader, int status)
{
  if (reader->bytes->error == 0) {
    reader->bytes->error = status;
    reader->bytes->at = reader->bytes->len;
  }
  return MS_JSON_VALUE_NONE;
}

static struct ms_json fail(struct ms_record_reader *reader, const char *what)
{
  ms_bytes_fail(reader->bytes, what);
  return MS_JSON_VALUE_NONE;
}

static struct ms_json get_double(struct ms_record_reader *reader)
{
  uint64_t bits = ms_bytes_fixed64(reader->bytes);
  double number;
  memcpy(&number, &bits, sizeof number);
  return isfinite(number) ? ms_json_double(number) : fail(reader, "not a number of JSON");
}

static struct ms_json get_string(struct ms_record_reader *reader)
{
  struct ms_str text = ms_bytes_text(reader->bytes);
  if (ms_utf8_check(text) != text.len)
    return fail(reader, "a string that is not UTF-8");
  struct ms_json value = ms_json_string(text);
  return ms_json_is_none(value) ? fail_with(reader, ms_error_nomem()) : value;
}

static struct ms_json get_text(struct ms_record_reader *reader)
{
  struct ms_str text = ms_bytes_text(reader->bytes);
  struct ms_json_limits limits = MS_JSON_LIMITS_OWN;
  struct ms_json value;
  if (reader->bytes->error != 0)
    return MS_JSON_VALUE_NONE;
  int status = ms_json_parse(&value, text, &limits, NULL);
  if (status == 0)
    return value;
  return status == MSTEP_ENOMEM ? fail_with(reader, status)
                                : fail(reader, "a text that is not JSON");
}

static struct ms_json fetch_document(struct ms_record_reader *reader, uint32_t number)
{
  struct ms_json value = MS_JSON_VALUE_NONE;
  if (reader->io == NULL)
    return fail(reader, "a document where there are none");
  int status = reader->documents == NULL ? 0 : ms_documents_reserve(reader->documents);
  if (status == 0)
    status = reader->io->get(&value, number, reader->io->user);
  if (status != 0)
    return fail_with(reader, status);
  if (!ms_record_is_counted(value)) {
    ms_json_unref(value);
    return fail(reader, "a document that is none");
  }
  if (reader->documents != NULL)
    ms_documents_add(reader->documents, value, number);
  return value;
}

static struct ms_json get_document(struct ms_record_reader *reader)
{
  uint32_t number = ms_bytes_number32(reader->bytes);
  if (reader->bytes->error != 0)
    return MS_JSON_VALUE_NONE;
  if (number == UINT32_MAX)
    return fail(reader, "a document without a number");
  struct ms_json known = MS_JSON_VALUE_NONE;
  if (reader->documents != NULL)
    known = ms_documents_get(reader->documents, number);
  return ms_json_is_none(known) ? fetch_document(reader, number) : ms_json_ref(known);
}

static struct ms_json get_input(struct ms_record_reader *reader)
{
  if (reader->documents == NULL || !ms_record_is_counted(reader->documents->input))
    return fail(reader, "an execution's input that is not known");
  return ms_json_ref(reader->documents->input);
}

static struct ms_json get_recent(struct ms_record_reader *reader, uint32_t place)
{
  struct ms_recent *recent = &reader->recent;
  if (place >= recent->count)
    return fail(reader, "a value that was not there");
  struct ms_json value = recent->values[place];
  recent_put_front(recent, value, place);
  return ms_json_ref(value);
}

static struct ms_json get_empty(struct ms_record_reader *reader, enum ms_record_value kind)
{
  struct ms_json value = kind == MS_RECORD_EMPTY_ARRAY ? ms_json_array(0) : ms_json_object(0);
  return ms_json_is_none(value) ? fail_with(reader, ms_error_nomem()) : value;
}

static struct ms_json get_counted(struct ms_record_reader *reader, enum ms_record_value kind)
{
  struct ms_json value;
  switch (kind) {
  case MS_RECORD_STRING:
    value = get_string(reader);
    break;
  case MS_RECORD_TEXT:
    value = get_text(reader);
    break;
  case MS_RECORD_DOCUMENT:
    value = get_document(reader);
    break;
  case MS_RECORD_INPUT:
    value = get_input(reader);
    break;
  case MS_RECORD_EMPTY_ARRAY:
  case MS_RECORD_EMPTY_OBJECT:
    value = get_empty(reader, kind);
    break;
  default:
    return fail(reader, "a value of an unknown kind");
  }
  if (ms_record_is_counted(value))
    recent_add(&reader->recent, value);
  else if (!ms_json_is_none(value))
    return fail(reader, "a value of another kind than it says");
  return value;
}

struct ms_json ms_record_get(struct ms_record_reader *reader)
{
  unsigned kind = ms_bytes_byte(reader->bytes);
  struct ms_json zero = ms_json_int(0);
  if (kind >= MS_RECORD_FIRST_SMALL)
    return ms_json_int((int64_t)kind - MS_RECORD_FIRST_SMALL);
  if (kind >= MS_RECORD_FIRST_RECENT)
    return get_recent(reader, kind - MS_RECORD_FIRST_RECENT);
  switch (kind) {
  case MS_RECORD_NONE:
    return MS_JSON_VALUE_NONE;
  case MS_RECORD_NULL:
    return MS_JSON_VALUE_NULL;
  case MS_RECORD_FALSE:
  case MS_RECORD_TRUE:
    return ms_json_bool(kind == MS_RECORD_TRUE);
  case MS_RECORD_INT:
    return ms_json_int(ms_bytes_signed(reader->bytes));
  case MS_RECORD_NEGATIVE_ZERO:
    zero.reserved = 1;
    return zero;
  case MS_RECORD_DOUBLE:
    return get_double(reader);
  default:
    return get_counted(reader, (enum ms_record_value)kind);
  }
}

/* ---- the execution's input ---- */

static void know_input(struct ms_documents *documents, struct ms_json input)
{
  if (documents != NULL)
    ms_json_replace(&documents->input, ms_json_ref(input));
}

void ms_record_put_input(struct ms_record_writer *writer, struct ms_json input)
{
  know_input(writer->documents, MS_JSON_VALUE_NONE); /* who reads this may not know it */
  ms_record_put(writer, input);
  know_input(writer->documents, input);
}

struct ms_json ms_record_get_input(struct ms_record_reader *reader)
{
  struct ms_json input = ms_record_get(reader);
  struct ms_recent *recent = &reader->recent;
  if (reader->documents == NULL)
    return input;
  struct ms_json known = reader->documents->input;
  if (!ms_record_is_counted(known) || !ms_json_identical(known, input)) {
    know_input(reader->documents, input);
    return input;
  }
  if (recent->count > 0 && ms_record_is_same(recent->values[0], input))
    recent->values[0] = known;
  ms_json_unref(input);
  return ms_json_ref(known);
}

/* ---- one value ---- */

int ms_record_write_value(struct ms_buf *out, struct ms_documents *documents,
                          const struct ms_document_io *io, struct ms_json value)
{
  struct ms_record_writer writer;
  ms_record_writer_init(&writer, out, documents, io);
  writer.knows_input = false; /* it may be read before anything that says what the input is */
  ms_record_put(&writer, value);
  return ms_record_writer_error(&writer);
}

int ms_record_read_value(struct ms_json *out, struct ms_documents *documents,
                         const struct ms_document_io *io, struct ms_bytes_reader *reader)
{
  struct ms_record_reader values;
  ms_record_reader_init(&values, reader, documents, io);
  *out = ms_record_get(&values);
  if (reader->error != 0)
    ms_json_replace(out, MS_JSON_VALUE_NONE);
  return reader->error;
}
