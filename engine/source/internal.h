/* What the files of source share: mappings in memory, the contract of a kind of source, calls of functions. */
#ifndef MS_SOURCE_INTERNAL_H
#define MS_SOURCE_INTERNAL_H

#include "messaging/filter.h"
#include "messaging/resource.h"
#include "source/source.h"

#define MS_MAPPING_KIND "event-source-mapping"
#define MS_POSITION_KIND "event-source-position"
#define MS_RESULT_NONE "No records processed"
#define MS_RESULT_OK "OK"
#define MS_RESULT_PROBLEM "PROBLEM: Function call failed"
#define MS_BATCH_BYTES 6291456 /* of a function's payload */

enum ms_mapping_state {
  MS_MAPPING_CREATING,
  MS_MAPPING_ENABLED,
  MS_MAPPING_ENABLING,
  MS_MAPPING_DISABLED,
  MS_MAPPING_DISABLING,
  MS_MAPPING_UPDATING,
  MS_MAPPING_DELETING
};

/* What the row says, as numbers. */
struct ms_mapping_settings {
  size_t batch_size;
  int64_t window_ms;
  unsigned concurrency; /* 0: as it comes */
  bool has_item_failures;
  int64_t retries;    /* -1: any number */
  int64_t max_age_ms; /* -1: any */
  unsigned lanes;     /* ParallelizationFactor */
  bool is_bisected;
  int64_t tumble_ms;        /* TumblingWindowInSeconds; 0: there are no windows */
  struct ms_str on_failure; /* in the row; empty: none */
};

struct ms_mapping {
  struct ms_mapping *next; /* by UUID's time of making */
  struct ms_sources *sources;
  const struct ms_source_type *type;
  struct ms_json row; /* the members that are shown, "IsEnabled", "CreatedAt" */
  struct ms_str uuid, source_arn, function_arn; /* in it, as are those of function */
  struct ms_function_name function;
  struct ms_mapping_settings settings;
  struct ms_criteria *criteria;
  enum ms_mapping_state state;
  bool is_enabled;
  const char *result; /* LastProcessingResult of streams; MS_RESULT_x */
  uint64_t position;  /* of streams: where reading would begin anew; a row of MS_POSITION_KIND */
  struct ms_json progress; /* that row as it was written last, with what goes beyond a position; or NONE */
  void *poller;       /* the kind's own; NULL: nothing is polled */
  unsigned running;   /* calls of the function */
};

/* A kind of source. `row` is one that is about to be. */
struct ms_source_type {
  const char *service; /* of the ARN: "sqs" */
  const char *reason;  /* StateTransitionReason */
  int64_t batch_size;  /* unless it is given */
  enum ms_criteria_source criteria;
  bool is_stream;                                                 /* has the members of streams */
  int (*check)(struct ms_json row, struct ms_queue_refusal *why); /* what goes together */
  /* Is the source there, and does it suit the function? */
  int (*exists)(struct ms_sources *sources, struct ms_json row, struct ms_queue_refusal *why);
  /* In the change that makes a mapping; NULL: nothing. MSTEP_EINVALID: see *why. */
  int (*begin)(struct ms_batch *batch, struct ms_mapping *mapping, struct ms_queue_refusal *why);
  void (*end)(struct ms_batch *batch, struct ms_mapping *mapping); /* the change that deletes it */
  int (*open)(struct ms_mapping *mapping);                         /* makes the poller */
  void (*close)(struct ms_mapping *mapping);                /* frees it; what runs finds nobody */
  void (*go)(struct ms_mapping *mapping);                   /* does what is due */
  int64_t (*next_due_ms)(const struct ms_mapping *mapping); /* 0: nothing */
  void (*on_news)(struct ms_mapping *mapping); /* its source has more; NULL: it finds out itself */
  /* Takes nothing new any more; true: nothing that was taken is left. */
  bool (*drain)(struct ms_mapping *mapping);
  bool (*is_busy)(const struct ms_mapping *mapping);
};

extern const struct ms_source_type *const ms_source_types[]; /* NULL ends it */

struct ms_source_call;

struct ms_sources {
  const struct ms_driver_env *env;
  struct ms_sources_up up;
  struct ms_mapping *first;
  struct ms_source_call *calls;
  struct {
    uint64_t batches, records, failures;
  } counts;
  uint64_t marks, marks_durable; /* attempts that were written down before they begin, in their order */
  int64_t settle_at_ms; /* 0: no state is to change */
  bool is_settling;     /* the ledger calls */
  bool is_resumed;
};

int64_t ms_sources_now_ms(const struct ms_sources *sources);

/* ---- driver.c ---- */
void ms_sources_settle(struct ms_sources *sources); /* once what was changed is durable */
void ms_mapping_settle(struct ms_mapping *mapping); /* may free it */

/* ---- mapping.c ---- */
/* From a row (taken) that was checked. */
int ms_mapping_new(struct ms_mapping **out, struct ms_sources *sources, struct ms_json row);
void ms_mapping_free(struct ms_mapping *mapping);
/* Becomes what a new one of the same UUID says (freed), but for what runs. */
void ms_mapping_adopt(struct ms_mapping *mapping, struct ms_mapping *fresh);
void ms_mapping_link(struct ms_mapping *mapping);
void ms_mapping_unlink(struct ms_mapping *mapping);
struct ms_mapping *ms_mapping_find(struct ms_sources *sources, struct ms_str uuid);
int64_t ms_mapping_int(struct ms_json object, const char *name, int64_t standard);
/* As AWS shows it; owned. NONE: out of memory. */
struct ms_json ms_mapping_show(const struct ms_mapping *mapping);
const struct ms_source_type *ms_source_type_of(struct ms_str arn); /* NULL: none */

/* ---- check.c ---- */
/*
 * The row of a request, over `old` (NONE: a new one); owned. It is what AWS would take, but for what is of the
 * time (is there such a mapping).
 */
int ms_mapping_check(struct ms_json *row, struct ms_sources *sources, struct ms_json old,
                     struct ms_json request, struct ms_queue_refusal *why);

/* ---- call.c ---- */
struct ms_source_answer {
  int code;              /* 0, MSTEP_ELUA, MSTEP_ENOTFOUND ... */
  struct ms_str payload; /* JSON text */
  const char *version;
  const char *request_id;
};
typedef void (*ms_source_answer_cb)(const struct ms_source_answer *answer, void *batch);
/*
 * Gives the function {"Records": records}. done once, unless it is forgotten. MSTEP_ESTATE: throttled; what else
 * ms_invoke_call gives.
 */
int ms_source_call_new(struct ms_source_call **out, struct ms_mapping *mapping,
                       struct ms_json records, ms_source_answer_cb done, void *batch);
/* The same, of an event that has more than "Records" in it. */
int ms_source_call_event(struct ms_source_call **out, struct ms_mapping *mapping,
                         struct ms_json event, ms_source_answer_cb done, void *batch);
void ms_source_call_forget(struct ms_source_call *call); /* done will not be called. NULL is fine */
void ms_source_calls_free(struct ms_sources *sources);

/* ---- response.c ---- */
enum ms_response { MS_RESPONSE_SUCCESS, MS_RESPONSE_PARTIAL, MS_RESPONSE_FAILURE };
/*
 * What a function says with ReportBatchItemFailures. *failed: an array of the identifiers, owned, when PARTIAL.
 * `knows` is asked for each. MSTEP_ENOMEM.
 */
int ms_response_read(enum ms_response *out, struct ms_json *failed, struct ms_str payload,
                     bool (*knows)(struct ms_str identifier, const void *batch), const void *batch);

#endif
