/*
 * What the files of record share: values on their way into bytes and back, within one call.
 *
 * A value is one byte and what belongs to it:
 *
 *   NONE NULL FALSE TRUE  -               STRING  length, bytes
 *   SMALL + n             -               TEXT    length, JSON text
 *   INT                   signed number   DOCUMENT  its number
 *   NEGATIVE_ZERO         -               INPUT   - (the execution's)
 *   DOUBLE                8 bytes         EMPTY_ARRAY EMPTY_OBJECT  -
 *   RECENT + n            - the n-th of the values written or read last, and now the first of them
 *
 * STRING, TEXT, DOCUMENT, INPUT, EMPTY_* go to the front of the recent ones. Both sides keep them
 * alike, so that neither needs memory for values that come again, and one byte refers to them.
 *
 * The numbers are part of the format: append only.
 */
#ifndef MS_CORE_RECORD_INTERNAL_H
#define MS_CORE_RECORD_INTERNAL_H

#include "core/record.h"

#define MS_RECORD_VERSION 1 /* first byte of a list of events and of an execution */
#define MS_RECORD_RECENT 16

enum ms_record_value {
  MS_RECORD_NONE,
  MS_RECORD_NULL,
  MS_RECORD_FALSE,
  MS_RECORD_TRUE,
  MS_RECORD_INT,
  MS_RECORD_NEGATIVE_ZERO, /* the integer */
  MS_RECORD_DOUBLE,
  MS_RECORD_STRING,
  MS_RECORD_TEXT,
  MS_RECORD_DOCUMENT,
  MS_RECORD_INPUT,
  MS_RECORD_EMPTY_ARRAY,
  MS_RECORD_EMPTY_OBJECT,
  MS_RECORD_FIRST_RECENT = 16,
  MS_RECORD_FIRST_SMALL = MS_RECORD_FIRST_RECENT + MS_RECORD_RECENT /* to 255: 0, 1, ... */
};

/* What a frame has, and what it is. */
enum ms_record_frame {
  MS_RECORD_IS_HIDDEN = 1,
  MS_RECORD_IS_STARTED = 2,
  MS_RECORD_HAS_ATTEMPTS = 4,
  MS_RECORD_HAS_TASK = 8,
  MS_RECORD_HAS_TIMER = 16,
  MS_RECORD_HAS_CHILDREN = 32,
  MS_RECORD_HAS_FIRST_INPUT = 64,
  MS_RECORD_IS_CUT = 128, /* of the first frame only: others are when their parent lists them */
  MS_RECORD_IS_SUBMITTED = 256,
  MS_RECORD_FRAME_MAX = 511
};

/* What a frame's children are. */
enum ms_record_children {
  MS_RECORD_IS_MAP_RUN = 1,
  MS_RECORD_IS_PAIRS = 2,
  MS_RECORD_IS_PREPARED = 4,
  MS_RECORD_IS_BATCHED = 8,
  MS_RECORD_HAS_FAILURES = 16,
  MS_RECORD_IS_FAILING = 32,
  MS_RECORD_HAS_DATES = 64,
  MS_RECORD_CHILDREN_MAX = 127
};

/* Counted values, last used first; borrowed. */
struct ms_recent {
  uint32_t count;
  struct ms_json values[MS_RECORD_RECENT];
};

struct ms_record_writer {
  struct ms_buf *out;
  struct ms_documents *documents;  /* NULL: no documents, no input known */
  const struct ms_document_io *io; /* NULL: nothing is a document */
  bool knows_input;                /* INPUT may be written */
  int error;                       /* sticky, as out->error is */
  struct ms_recent recent;
};

struct ms_record_reader {
  struct ms_bytes_reader *bytes; /* its error is ours, MSTEP_ENOMEM too */
  struct ms_documents *documents;
  const struct ms_document_io *io;
  struct ms_recent recent;
};

void ms_record_writer_init(struct ms_record_writer *writer, struct ms_buf *out,
                           struct ms_documents *documents, const struct ms_document_io *io);
void ms_record_reader_init(struct ms_record_reader *reader, struct ms_bytes_reader *bytes,
                           struct ms_documents *documents, const struct ms_document_io *io);
/* What went wrong so far, in the writer or its buffer; 0 = nothing. */
int ms_record_writer_error(const struct ms_record_writer *writer);
void ms_record_put(struct ms_record_writer *writer, struct ms_json value);
/* The caller's; of no meaning after an error, when it is nothing that is counted. */
struct ms_json ms_record_get(struct ms_record_reader *reader);
/*
 * The execution's input, which INPUT means from now on; written in full. Reading gives the value
 * that was known before when that is the same text: the history shows it as it was sent.
 */
void ms_record_put_input(struct ms_record_writer *writer, struct ms_json input);
struct ms_json ms_record_get_input(struct ms_record_reader *reader);

/* ---- record.c: documents ---- */
/* False when there is none. */
bool ms_documents_find(uint32_t *number, const struct ms_documents *documents,
                       struct ms_json value);
/* Borrowed; NONE when it is not remembered. */
struct ms_json ms_documents_get(const struct ms_documents *documents, uint32_t number);
/* Makes room, so that the next add cannot fail. */
int ms_documents_reserve(struct ms_documents *documents);
/* References value. The number is not there, or forgotten. */
void ms_documents_add(struct ms_documents *documents, struct ms_json value, uint32_t number);

static inline bool ms_record_is_counted(struct ms_json value)
{
  return value.type >= MS_JSON_BIG;
}

/* Whether two counted values are one and the same tree. */
static inline bool ms_record_is_same(struct ms_json a, struct ms_json b)
{
  return a.type == b.type && a.u.object == b.u.object;
}

#endif
