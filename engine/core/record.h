/*
 * Events and executions as bytes: what the journal, the history and snapshots are made of. Pure: where
 * bytes go is the caller's.
 *
 * A value is written as JSON text. Within one call the same value (the same tree) is written once and
 * then referred to. A large one (MS_DOCUMENT_BYTES of text) is a *document*: it is handed to `put`
 * under a number of its execution, once, and everything refers to it by that number from then on.
 * `struct ms_documents` is what one execution remembers of that: trees that it still holds and their
 * numbers.
 *
 * What is read comes from a file and is not trusted: anything but MSTEP_ENOMEM and what `get` returns
 * is MSTEP_EIO with a detail. The format has a version in its first byte; those of released versions
 * are read for ever (tests/resources/record).
 */
#ifndef MS_CORE_RECORD_H
#define MS_CORE_RECORD_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/vec.h"
#include "core/core.h"

#define MS_DOCUMENT_BYTES 1024u

struct ms_document {
  struct ms_json value; /* referenced */
  uint32_t number;
};

/* Zeroed to begin with. */
struct ms_documents {
  MS_VEC(struct ms_document) items; /* by number, ascending; value NONE: forgotten */
  uint32_t next;        /* number of the next new one */
  uint32_t forgotten;   /* so many of the items */
  uint32_t pruned;      /* place where ms_documents_prune goes on */
  uint32_t *slots;      /* by address, when they are many: place in items + 1; 0 = free */
  uint32_t slot_count;  /* a power of two, or 0 */
  /*
   * The execution's input, known once its ExecutionStarted or a snapshot went through here. It is not
   * written again: what is this very value then, is it when it is read, too (the history shows it as
   * it was sent).
   */
  struct ms_json input; /* referenced */
};

void ms_documents_deinit(struct ms_documents *documents);
/*
 * Forgets those that nobody else holds. For after each turn: of very many that are held it looks at some
 * only, and at the next ones when called again.
 */
void ms_documents_prune(struct ms_documents *documents);

/* Where documents are. Both may be NULL: then nothing is a document, or reading one is MSTEP_EIO. */
struct ms_document_io {
  int (*put)(uint32_t number, struct ms_str text, void *user);
  int (*get)(struct ms_json *out, uint32_t number, void *user); /* the caller's */
  void *user;
};

/*
 * Appends all events, those with id 0 too. A failure may have put documents; *out is then to be cut
 * back by the caller.
 */
int ms_record_write_events(struct ms_buf *out, struct ms_documents *documents,
                           const struct ms_document_io *io, const struct ms_event *events,
                           size_t count);
/*
 * Appends events to *out. state_count and so on are not known here: numbers of states and frames are
 * as they stand; ms_record_check_event says whether a machine can have it.
 */
int ms_record_read_events(struct ms_events *out, struct ms_documents *documents,
                          const struct ms_document_io *io, struct ms_str bytes);
/*
 * MSTEP_EIO when evolving the execution by this event would break it: unknown type, state or frame.
 * What a damaged or foreign journal may do to us is stopped here.
 */
int ms_record_check_event(const struct ms_execution *execution, const struct ms_event *event);
/*
 * MSTEP_EIO when decisions would break on this state, or never come to an end: for after the last event
 * of a recovery, where check_event has seen each by itself. Of the state between two decisions only.
 */
int ms_record_check_execution(const struct ms_execution *execution);

/* Everything but machine and identity. */
int ms_record_write_execution(struct ms_buf *out, struct ms_documents *documents,
                              const struct ms_document_io *io,
                              const struct ms_execution *execution);
/* Into a new execution (ms_execution_new): after a failure it is to be freed. */
int ms_record_read_execution(struct ms_execution *execution, struct ms_documents *documents,
                             const struct ms_document_io *io, struct ms_str bytes);

/* One value of its own, in what other records consist of. NONE can be written, too. */
int ms_record_write_value(struct ms_buf *out, struct ms_documents *documents,
                          const struct ms_document_io *io, struct ms_json value);
int ms_record_read_value(struct ms_json *out, struct ms_documents *documents,
                         const struct ms_document_io *io, struct ms_bytes_reader *reader);

#endif
