/*
 * include/mstep/mstep.h: the way up. What the runtime and the operations tell becomes a call of the
 * host's function, of its public type; operations that tasks call go the same way into the api.
 */
#include "public/internal.h"

#include <stdio.h>

#include "api/api.h"

/* ---- what the runtime calls ---- */

static void tell_done(struct ms_callback callback, const struct ms_engine_end *end, void *host)
{
  ((mstep_done_cb)callback.fn)(host, end->arn, (mstep_status)end->status,
                               ms_public_out(end->output), ms_public_out(end->error),
                               ms_public_out(end->cause), callback.user);
}

static void tell_task(struct ms_callback callback, const char *token, const char *resource,
                      struct ms_str input, void *host)
{
  ((mstep_task_cb)callback.fn)(host, token, resource, ms_public_out(input), callback.user);
}

static void tell_reply(struct ms_callback callback, int status, struct ms_str reply, void *host)
{
  ((mstep_reply_cb)callback.fn)(host, status, ms_public_out(reply), callback.user);
}

static void tell_post(struct ms_callback callback, void *host)
{
  ((mstep_post_cb)callback.fn)(host, callback.user);
}

static void tell_accepted(struct ms_callback callback, int code, const char *detail, void *host)
{
  ((mstep_accepted_cb)callback.fn)(host, code, detail, callback.user);
}

static void tell_event(struct ms_callback callback, const struct ms_engine_event *event, void *host)
{
  const mstep_event public_event = {
      .version = 1,
      .execution_arn = event->arn,
      .type = event->type,
      .id = event->id,
      .previous_id = event->previous_id,
      .at_ms = event->at_ms,
      .state = event->state,
      .depth = event->depth,
      .thread = event->thread,
      .parent_thread = event->parent_thread,
      .index = event->index,
      .attempt = event->attempt,
      .due_at_ms = event->due_at_ms,
      .payload = ms_public_out(event->payload),
      .error = event->error,
      .cause = event->cause,
  };
  ((mstep_event_cb)callback.fn)(host, &public_event, callback.user);
}

static void tell_log(int level, const char *module, struct ms_str line, void *host)
{
  mstep_engine *engine = host;
  if (engine->log != NULL) {
    engine->log(level, module, ms_public_out(line), engine->log_user);
  } else if (level <= 2) {
    static const char *const names[] = {"error", "warning", "info"};
    fprintf(stderr, "mstep: %s: %s: %.*s\n", names[level < 0 ? 0 : level], module,
            MS_STR_ARG(line));
  }
}

/* ---- operations that tasks call ---- */

static void tell_task_call(const struct ms_api_reply *reply, const struct ms_api_receiver *receiver)
{
  const struct ms_task_reply told = {reply->code, reply->http_status, reply->text};
  ((ms_task_reply_cb)receiver->callback.fn)(&told, receiver->callback.user);
}

static int call_operation(struct ms_str operation, struct ms_str request, ms_task_reply_cb done,
                          void *user, void *host)
{
  mstep_engine *engine = host;
  const struct ms_api_receiver receiver = {
      .reply = tell_task_call, .callback = {(void (*)(void))done, user}, .host = engine};
  return ms_api_call(engine->api, operation, request, done == NULL ? NULL : &receiver);
}

void ms_public_host(struct ms_engine_host *host, mstep_engine *engine)
{
  *host = (struct ms_engine_host){tell_done,  tell_task, tell_reply, tell_post,     tell_accepted,
                                  tell_event, tell_log,  engine,     call_operation};
}

/* ---- the operations' callbacks, of the types that the functions above cast to ---- */

static void call_posted(mstep_engine *engine, void *user)
{
  (void)engine;
  ms_api_on_posted(user);
}

static void call_accepted(mstep_engine *engine, int status, const char *detail, void *user)
{
  (void)engine;
  ms_api_on_accepted(status, detail, user);
}

static void call_replied(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  (void)engine;
  ms_api_on_replied(status, ms_public_in(reply), user);
}

static void call_ended(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
                       mstep_str error, mstep_str cause, void *user)
{
  const struct ms_engine_end end = {.arn = arn,
                                    .status = (int)status,
                                    .output = ms_public_in(output),
                                    .error = ms_public_in(error),
                                    .cause = ms_public_in(cause)};
  (void)engine;
  ms_api_on_ended(&end, user);
}

const struct ms_api_up *ms_public_api_up(void)
{
  static const struct ms_api_up up = {(void (*)(void))call_posted, (void (*)(void))call_accepted,
                                      (void (*)(void))call_replied, (void (*)(void))call_ended};
  return &up;
}
