/*
 * For tests of records: documents in memory, and the comparison of events and executions member by
 * member. A member that is new, and not yet written and read, makes them differ.
 */
#ifndef RECORD_H
#define RECORD_H

#include "core/record.h"

/* Documents by number, as a store keeps them. */
struct record_store {
  char **texts; /* NULL where there is none */
  uint32_t count;
  uint32_t capacity;
  uint32_t puts;
  uint32_t gets;
  int fail_with; /* what put and get return, when not 0 */
  struct ms_document_io io;
};

void record_store_init(struct record_store *store);
void record_store_deinit(struct record_store *store);

/* The name of the first member that differs; NULL when all are the same, bit for bit. */
const char *record_event_difference(const struct ms_event *a, const struct ms_event *b);
/* All but machine and identity. */
const char *record_execution_difference(const struct ms_execution *a, const struct ms_execution *b);
/* Counted values of the same text, or the same scalar. NONE is the same as NONE only. */
bool record_is_same(struct ms_json a, struct ms_json b);
/* A new execution with that one's machine and identity, and nothing else. NULL: no memory. */
struct ms_execution *record_twin(const struct ms_execution *execution);

#endif
