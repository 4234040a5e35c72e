/*
 * Jobs' lives: slots that are used again, the copy of what a call brings, the way from an id back
 * to its job. Where and when a job runs is luavm.c's and worker.c's.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define JOBS_MAX (1u << 24)
#define TEXT_KEPT_MAX 4096

static struct ms_lua_job *new_job(struct ms_lua *lua)
{
  if (MS_VEC_RESERVE(&lua->jobs, JOBS_MAX, 1) != 0) {
    return NULL;
  }
  struct ms_lua_job *job = ms_calloc(1, sizeof *job);
  if (job != NULL) {
    ms_buf_init(&job->input_text, SIZE_MAX / 2);
    ms_buf_init(&job->client_text, SIZE_MAX / 2);
    ms_buf_init(&job->identity_text, SIZE_MAX / 2);
    ms_buf_init(&job->tail_text, 0);
    ms_buf_init(&job->output_text, SIZE_MAX / 2);
    ms_buf_init(&job->error_text, 0);
    job->slot = (uint32_t)lua->jobs.count;
    lua->jobs.data[lua->jobs.count++] = job;
  }
  return job;
}

static int copy_texts(struct ms_lua_job *job, const struct ms_lua_call *call)
{
  const char *request_id = call->request_id == NULL ? "" : call->request_id;
  size_t id_size = strlen(request_id) + 1;
  size_t arn_size = call->arn == NULL ? 0 : strlen(call->arn) + 1;
  size_t lineage_size = call->lineage == NULL ? 0 : strlen(call->lineage) + 1;
  char *text = job->inline_text;
  if (id_size + arn_size + lineage_size > sizeof job->inline_text) {
    text = ms_alloc(id_size + arn_size + lineage_size);
    if (text == NULL) {
      return ms_error_nomem();
    }
    job->text_block = text;
  }
  job->request_id = text;
  memcpy(text, request_id, id_size);
  job->arn = NULL;
  if (arn_size > 0) {
    job->arn = text + id_size;
    memcpy(job->arn, call->arn, arn_size);
  }
  job->lineage = "";
  if (lineage_size > 0) {
    job->lineage = memcpy(text + id_size + arn_size, call->lineage, lineage_size);
  }
  return MSTEP_OK;
}

int ms_lua_job_new(struct ms_lua_job **out, struct ms_lua *lua, const struct ms_lua_call *call)
{
  struct ms_lua_job *job = lua->free_jobs;
  if (job == NULL) {
    job = new_job(lua);
    if (job == NULL) {
      return ms_error_nomem();
    }
  } else {
    lua->free_jobs = job->next;
  }
  job->next = NULL;
  job->text_block = NULL;
  if (copy_texts(job, call) != 0) {
    job->next = lua->free_jobs;
    lua->free_jobs = job;
    return MSTEP_ENOMEM;
  }
  job->id = ++lua->next_generation << 24 | job->slot;
  int64_t now_ms = ms_loop_now_ms(lua->options.loop);
  int64_t latest_ms = now_ms + lua->options.timeout_max_ms;
  job->started_at_ms = now_ms;
  job->deadline_ms =
      call->deadline_ms == 0 || call->deadline_ms > latest_ms ? latest_ms : call->deadline_ms;
  job->timeout_ms = call->timeout_ms;
  job->ran_ms = 0;
  job->is_check = false;
  job->attempt = call->attempt;
  job->payload = ms_json_ref(call->payload);
  job->client_context = ms_json_ref(call->client_context);
  job->identity = ms_json_ref(call->identity);
  job->has_log_tail = call->has_log_tail;
  job->output_max_bytes = call->output_max_bytes == 0 ? MS_LUA_OUTPUT_MAX : call->output_max_bytes;
  job->duration_us = 0;
  job->init_us = -1;
  job->begun_at_us = 0;
  job->is_init = false;
  job->memory_max_bytes = 0;
  job->error_type = MS_LUA_ERROR_TYPE;
  job->output = MS_JSON_VALUE_NONE;
  job->error = MS_JSON_VALUE_NONE;
  job->cause = MS_JSON_VALUE_NONE;
  job->trace = MS_JSON_VALUE_NONE;
  atomic_store_explicit(&job->is_cancelled, false, memory_order_relaxed);
  job->code = NULL;
  job->is_out = false;
  job->request = NULL;
  job->answer = NULL;
  atomic_store_explicit(&job->ticket, 0, memory_order_relaxed);
  *out = job;
  return MSTEP_OK;
}

/* A slot keeps the room for texts, unless one was large. */
static void empty_text(struct ms_buf *text)
{
  if (text->capacity > TEXT_KEPT_MAX) {
    size_t max = text->max;
    ms_buf_deinit(text);
    ms_buf_init(text, max);
  } else {
    ms_buf_reset(text);
  }
}

void ms_lua_job_free(struct ms_lua *lua, struct ms_lua_job *job)
{
  empty_text(&job->input_text);
  empty_text(&job->client_text);
  empty_text(&job->identity_text);
  empty_text(&job->tail_text);
  empty_text(&job->output_text);
  empty_text(&job->error_text);
  job->id = 0;
  job->state = MS_LUA_JOB_FREE;
  ms_json_replace(&job->payload, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->client_context, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->identity, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->output, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->error, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->cause, MS_JSON_VALUE_NONE);
  ms_json_replace(&job->trace, MS_JSON_VALUE_NONE);
  ms_free(job->text_block);
  job->text_block = NULL;
  ms_lua_code_unref(job->code);
  job->code = NULL;
  job->next = lua->free_jobs;
  lua->free_jobs = job;
}

struct ms_lua_job *ms_lua_job_by_id(struct ms_lua *lua, uint64_t id)
{
  uint64_t slot = id & (JOBS_MAX - 1);
  if (id == 0 || slot >= lua->jobs.count || lua->jobs.data[slot]->id != id) {
    return NULL;
  }
  return lua->jobs.data[slot];
}

void ms_lua_jobs_deinit(struct ms_lua *lua)
{
  for (size_t i = 0; i < lua->jobs.count; i++) {
    struct ms_lua_job *job = lua->jobs.data[i];
    ms_lua_job_free(lua, job);
    ms_buf_deinit(&job->input_text);
    ms_buf_deinit(&job->client_text);
    ms_buf_deinit(&job->identity_text);
    ms_buf_deinit(&job->tail_text);
    ms_buf_deinit(&job->output_text);
    ms_buf_deinit(&job->error_text);
    ms_free(job);
  }
  ms_free(lua->jobs.data);
}
