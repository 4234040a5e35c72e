/*
 * Calls of mapped functions. What is called may outlive the mapping, its poller and what is loaded anew: a call
 * that was forgotten still counts at the function, and its answer goes nowhere.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "messaging/lineage.h"
#include "source/internal.h"

struct ms_source_call {
  struct ms_source_call *next, **slot;
  struct ms_sources *sources;
  ms_source_answer_cb done; /* NULL: forgotten */
  void *batch;
};

static void call_free(struct ms_source_call *call)
{
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_free(call);
}

void ms_source_calls_free(struct ms_sources *sources)
{
  while (sources->calls != NULL) {
    call_free(sources->calls);
  }
}

static void on_answer(const struct ms_invoke_answer *answer, void *user)
{
  struct ms_source_call *call = user;
  ms_source_answer_cb done = call->done;
  void *batch = call->batch;
  call->sources->counts.failures += answer->code != 0;
  call_free(call);
  if (done != NULL) {
    const struct ms_source_answer mine = {answer->code, answer->payload, answer->version,
                                          answer->request_id};
    done(&mine, batch);
  }
}

/* What the records say of functions that ran before: the first that says anything. */
static int lineage_of(struct ms_buf *out, struct ms_json records)
{
  for (size_t i = 0; i < ms_json_count(records) && out->len == 0 && out->error == 0; i++) {
    struct ms_json attributes = ms_json_getc(ms_json_at(records, i), "attributes");
    ms_lineage_read_header(out, ms_json_text(ms_json_getc(attributes, "AWSTraceHeader")));
  }
  return out->error;
}

int ms_source_call_event(struct ms_source_call **out, struct ms_mapping *mapping,
                         struct ms_json event, ms_source_answer_cb done, void *batch)
{
  struct ms_sources *sources = mapping->sources;
  struct ms_json records = ms_json_getc(event, "Records");
  struct ms_source_call *call = ms_calloc(1, sizeof *call);
  struct ms_buf lineage;
  ms_buf_init(&lineage, 0);
  int err = call == NULL ? ms_error_nomem() : lineage_of(&lineage, records);
  if (err == 0) {
    *call = (struct ms_source_call){sources->calls, &sources->calls, sources, done, batch};
    if (call->next != NULL) {
      call->next->slot = &call->next;
    }
    sources->calls = call;
    const struct ms_invoke_request request = {.name = mapping->function,
                                              .payload = event,
                                              .client_context = MS_JSON_VALUE_NONE,
                                              .lineage = ms_buf_view(&lineage)};
    err = ms_invoke_call(sources->up.invoke, &request, on_answer, call);
    if (err != 0) {
      call_free(call);
    } else {
      sources->counts.batches++;
      sources->counts.records += ms_json_count(records);
    }
  } else {
    ms_free(call);
  }
  ms_buf_deinit(&lineage);
  *out = err != 0 ? NULL : call;
  return err;
}

int ms_source_call_new(struct ms_source_call **out, struct ms_mapping *mapping,
                       struct ms_json records, ms_source_answer_cb done, void *batch)
{
  struct ms_json event = ms_json_object(1);
  int err = ms_json_setc(&event, "Records", ms_json_ref(records));
  *out = NULL;
  err = err != 0 ? err : ms_source_call_event(out, mapping, event, done, batch);
  ms_json_unref(event);
  return err;
}

void ms_source_call_forget(struct ms_source_call *call)
{
  if (call != NULL) {
    call->done = NULL;
  }
}
