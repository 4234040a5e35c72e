/*
 * Requests of handlers on their way up, and answers on their way back.
 *
 *   made in the call, by its thread -> (worker: a message) -> served on the loop thread -> answered
 *     -> (worker: a message to that worker) -> the call goes on, if it is still the one -> freed by the loop
 *
 * A request that has come to the loop is in the loop's list until it is freed, wherever it is. Whether
 * its call still waits is seen from the ticket: each request has another, and only the thread that has
 * the call changes the call's.
 */
#include "luavm/up.h"

#include "base/alloc.h"
#include "base/error.h"
#include "luavm/internal.h"

#define OPERATION_MAX 64
#define BODY_MAX ((size_t)16 << 20)

struct ms_lua_request {
  struct ms_lua_message message; /* first */
  struct ms_lua_request *next;   /* of the loop's list, or of those that wait to be served */
  struct ms_lua_request **link;  /* what points here; NULL: not in the loop's list */
  struct ms_lua_job *job;        /* to be looked at by its host alone */
  uint64_t ticket;
  uint32_t host; /* number of the host */
  struct ms_lua_asked asked;
  struct ms_lua_answer answer; /* texts are in `block` */
  char *block;
  bool is_lost; /* there was no memory for the answer */
  char text[];
};

static struct ms_lua_request *request_of(struct ms_lua_message *message)
{
  return (struct ms_lua_request *)(void *)message;
}

static void free_request(struct ms_lua_request *request)
{
  if (request->link != NULL) {
    *request->link = request->next;
    if (request->next != NULL) {
      request->next->link = request->link;
    }
  }
  ms_free(request->block);
  ms_free(request);
}

/* ---- in the call ---- */

static const char *put(char **at, struct ms_str text)
{
  char *begin = *at;
  if (text.len > 0) {
    memcpy(begin, text.data, text.len);
  }
  begin[text.len] = '\0';
  *at += text.len + 1;
  return begin;
}

static struct ms_lua_request *new_request(struct ms_lua_host *host, struct ms_str operation,
                                          struct ms_str body)
{
  struct ms_lua_job *job = host->job;
  const struct ms_str texts[] = {ms_str_c(job->code->name), ms_str_c(job->code->version),
                                 ms_str_c(job->request_id), ms_str_c(job->arn),
                                 ms_str_c(job->lineage)};
  const size_t count = sizeof texts / sizeof texts[0];
  size_t size = operation.len + body.len + count + 2;
  for (size_t i = 0; i < count; i++) {
    size += texts[i].len;
  }
  struct ms_lua_request *request = ms_calloc(1, sizeof *request + size);
  if (request == NULL) {
    return NULL;
  }
  char *at = request->text;
  request->message.kind = MS_LUA_MESSAGE_REQUEST;
  request->job = job;
  request->ticket = ++host->tickets << 16 | host->number;
  request->host = host->number;
  request->asked.call = job->id;
  request->asked.function = put(&at, texts[0]);
  request->asked.version = put(&at, texts[1]);
  request->asked.request_id = put(&at, texts[2]);
  request->asked.arn = put(&at, texts[3]);
  request->asked.lineage = put(&at, texts[4]);
  request->asked.operation = (struct ms_str){put(&at, operation), operation.len};
  request->asked.body = (struct ms_str){put(&at, body), body.len};
  return request;
}

static bool is_operation(struct ms_str name)
{
  if (name.len == 0 || name.len > OPERATION_MAX) {
    return false;
  }
  for (size_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
      return false;
    }
  }
  return true;
}

/* The job has been told, or tells nobody any more. */
static void give_back(struct ms_lua_host *host, struct ms_lua_job *job)
{
  struct ms_lua_request *request = job->answer;
  job->answer = NULL;
  if (request != NULL && host->is_local) {
    free_request(request);
  } else if (request != NULL) {
    request->message.kind = MS_LUA_MESSAGE_DONE;
    ms_worker_reply(host->worker, &request->message.message);
  }
}

/* -> true, body; or false, error, message */
static int answered(lua_State *L, int status, lua_KContext context)
{
  struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  struct ms_lua_job *job = host->job;
  const struct ms_lua_request *request = job->answer;
  (void)status;
  (void)context;
  if (request == NULL) {
    return luaL_error(
        L, "there is no answer"); /* resumed by the script after what ms_lua_up_drop says */
  }
  if (request->is_lost) {
    give_back(host, job);
    return ms_lua_raise_memory(L);
  }
  const struct ms_lua_answer *answer = &request->answer;
  lua_settop(L, 0);
  /* what is raised from here is the call's own lack of memory: the answer goes with the call */
  lua_pushboolean(L, answer->error.data == NULL);
  if (answer->error.data == NULL) {
    lua_pushlstring(L, answer->body.data, answer->body.len);
  } else {
    lua_pushlstring(L, answer->error.data, answer->error.len);
    lua_pushlstring(L, answer->message.data, answer->message.len);
  }
  give_back(host, job);
  return lua_gettop(L);
}

int ms_lua_core_call(lua_State *L)
{
  struct ms_lua_host *host = ms_lua_vm_of(L)->host;
  struct ms_str operation;
  struct ms_str body;
  operation.data = luaL_checklstring(L, 1, &operation.len);
  body.data = luaL_checklstring(L, 2, &body.len);
  luaL_argcheck(L, is_operation(operation), 1, "no name of an operation");
  luaL_argcheck(L, body.len <= BODY_MAX, 2, "the request is larger than 16 MB");
  if (host == NULL || host->job == NULL || !lua_isyieldable(L)) {
    return luaL_error(L, "cannot wait for an answer here: a C function below cannot be suspended");
  }
  give_back(host, host->job); /* of a call before, that was ended by an error of its own */
  struct ms_lua_request *request = new_request(host, operation, body);
  if (request == NULL) {
    return ms_lua_raise_memory(L);
  }
  host->job->request = request;
  return ms_lua_suspend(L, INT64_MAX, answered);
}

/* ---- to the loop and back ---- */

/* The call is suspended: now it may be answered. */
void ms_lua_up_send(struct ms_lua_host *host, struct ms_lua_job *job)
{
  struct ms_lua_request *request = job->request;
  job->request = NULL;
  atomic_store(&job->ticket, request->ticket);
  if (host->is_local) {
    ms_lua_up_take(host->lua, &request->message);
  } else {
    ms_worker_reply(host->worker, &request->message.message);
  }
}

void ms_lua_up_drop(struct ms_lua_job *job)
{
  if (job->request != NULL) {
    free_request(job->request);
    job->request = NULL;
  }
}

void ms_lua_up_forget(struct ms_lua_host *host, struct ms_lua_job *job)
{
  atomic_store(&job->ticket, 0);
  ms_lua_up_drop(job);
  give_back(host, job);
}

/* Puts it into the loop's list and behind those that wait to be served. */
void ms_lua_up_take(struct ms_lua *lua, struct ms_lua_message *message)
{
  struct ms_lua_request *request = request_of(message);
  if (message->kind == MS_LUA_MESSAGE_DONE) {
    free_request(request);
    return;
  }
  request->next = NULL;
  request->link = lua->asked_tail;
  *lua->asked_tail = request;
  lua->asked_tail = &request->next;
  if (!lua->is_delivering) {
    ms_loop_wake(lua->options.loop);
  }
}

static void keep_in_list(struct ms_lua *lua, struct ms_lua_request *request)
{
  request->next = lua->requests;
  request->link = &lua->requests;
  if (request->next != NULL) {
    request->next->link = &request->next;
  }
  lua->requests = request;
}

void ms_lua_up_serve(struct ms_lua *lua)
{
  while (lua->asked_head != NULL) {
    struct ms_lua_request *request = lua->asked_head;
    lua->asked_head = request->next;
    if (lua->asked_head == NULL) {
      lua->asked_tail = &lua->asked_head;
    } else {
      lua->asked_head->link = &lua->asked_head;
    }
    keep_in_list(lua, request);
    if (lua->serve != NULL) {
      lua->serve(request, &request->asked, lua->serve_user);
    } else {
      const struct ms_lua_answer answer = {.error = MS_STR("ServiceUnavailable"),
                                           .message = MS_STR("there is no engine to ask")};
      ms_lua_answer(lua, request, &answer);
    }
  }
}

void ms_lua_serve(struct ms_lua *lua, ms_lua_serve_cb serve, void *user)
{
  lua->serve = serve;
  lua->serve_user = user;
}

static void copy_answer(struct ms_lua_request *request, const struct ms_lua_answer *answer)
{
  size_t size = answer->body.len + answer->error.len + answer->message.len + 3;
  char *at = request->block = ms_alloc(size);
  if (at == NULL) {
    request->is_lost = true;
    return;
  }
  request->answer.body = (struct ms_str){put(&at, answer->body), answer->body.len};
  request->answer.message = (struct ms_str){put(&at, answer->message), answer->message.len};
  if (answer->error.data != NULL) {
    request->answer.error = (struct ms_str){put(&at, answer->error), answer->error.len};
  }
}

/* On the thread of the host: the call goes on if it is still this one that it waits for. */
struct ms_lua_job *ms_lua_up_arrive(struct ms_lua_host *host, struct ms_lua_message *message)
{
  struct ms_lua_request *request = request_of(message);
  struct ms_lua_job *job = request->job;
  if (atomic_load(&job->ticket) != request->ticket) {
    if (host->is_local) {
      free_request(request);
    } else {
      request->message.kind = MS_LUA_MESSAGE_DONE;
      ms_worker_reply(host->worker, &request->message.message);
    }
    return NULL;
  }
  atomic_store(&job->ticket, 0);
  job->answer = request;
  ms_heap_remove(&host->sleeping, &job->sleep);
  return job;
}

void ms_lua_answer(struct ms_lua *lua, struct ms_lua_request *request,
                   const struct ms_lua_answer *answer)
{
  copy_answer(request, answer);
  request->message.kind = MS_LUA_MESSAGE_ANSWER;
  if (request->host == 0) {
    struct ms_lua_job *job = ms_lua_up_arrive(&lua->local, &request->message);
    if (job != NULL) {
      ms_lua_go_on(lua, job);
    }
  } else {
    ms_work_post_to(lua->work, request->host - 1, &request->message.message);
  }
}

void ms_lua_up_free(struct ms_lua *lua)
{
  while (lua->asked_head != NULL) {
    struct ms_lua_request *request = lua->asked_head;
    lua->asked_head = request->next;
    request->link = NULL;
    free_request(request);
  }
  while (lua->requests != NULL) {
    free_request(lua->requests);
  }
}
