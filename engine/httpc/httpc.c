/*
 * libcurl's multi interface on our loop. libcurl says which descriptors it wants watched and when it
 * wants to be called; we tell it what happened, and collect what has ended. Callbacks of users are called when
 * libcurl is off the stack: they may send and cancel.
 */
#include "httpc/httpc.h"

#include "base/alloc.h"
#include "base/error.h"
#include "httpc/internal.h"

#define CONNECTIONS 64

/* ---- calls ------------------------------------------------------------------------------------------- */

static void link_call(struct ms_httpc_call **list, struct ms_httpc_call *call)
{
  call->next = *list;
  call->slot = list;
  if (*list != NULL) {
    (*list)->slot = &call->next;
  }
  *list = call;
}

static void unlink_call(struct ms_httpc_call *call)
{
  if (call->slot != NULL) {
    *call->slot = call->next;
    if (call->next != NULL) {
      call->next->slot = call->slot;
    }
    call->slot = NULL;
  }
}

static void call_free(struct ms_httpc_call *call)
{
  struct ms_httpc *client = call->client;
  if (call->slot != NULL) {
    unlink_call(call);
    client->pending--;
    ms_loop_release(client->loop);
  }
  if (call->is_running) {
    curl_multi_remove_handle(client->multi, call->easy);
  }
  curl_easy_cleanup(call->easy);
  curl_slist_free_all(call->headers);
  curl_url_cleanup(call->url);
  ms_buf_deinit(&call->request);
  ms_buf_deinit(&call->head);
  ms_buf_deinit(&call->body);
  ms_free(call->spans.data);
  ms_free(call);
}

/* Takes those that have ended away from libcurl. */
static void collect(struct ms_httpc *client)
{
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
    if (message->msg != CURLMSG_DONE) {
      continue;
    }
    struct ms_httpc_call *call = NULL;
    CURLcode code = message->data.result;
    CURL *easy = message->easy_handle;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
    call->code = code;
    call->is_running = false;
    curl_multi_remove_handle(client->multi, easy);
    unlink_call(call);
    link_call(&client->ended, call);
  }
}

static void tell_ended(struct ms_httpc *client)
{
  while (client->ended != NULL) {
    struct ms_httpc_call *call = client->ended;
    unlink_call(call);
    client->pending--;
    ms_loop_release(client->loop);
    ms_httpc_tell(call);
    call_free(call);
  }
}

static void act(struct ms_httpc *client, curl_socket_t fd, int events)
{
  int running;
  curl_multi_socket_action(client->multi, fd, events, &running);
  collect(client);
  tell_ended(client);
}

/* ---- libcurl's wishes -------------------------------------------------------------------------------- */

static void on_fd(int fd, unsigned events, void *user)
{
  int what = 0;
  what |= (events & MS_LOOP_READ) != 0 ? CURL_CSELECT_IN : 0;
  what |= (events & MS_LOOP_WRITE) != 0 ? CURL_CSELECT_OUT : 0;
  act(user, fd, what);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
  (void)easy;
  (void)socket_user;
  struct ms_httpc *client = user;
  unsigned events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
    events |= MS_LOOP_READ;
  }
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
    events |= MS_LOOP_WRITE;
  }
  return ms_loop_watch(client->loop, (int)fd, events, on_fd, client) == MSTEP_OK ? 0 : -1;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
  (void)multi;
  struct ms_httpc *client = user;
  int64_t due_at_ms = timeout_ms < 0 ? 0 : ms_loop_now_ms(client->loop) + timeout_ms;
  int err = client->set_timer != NULL ? client->set_timer(due_at_ms, client->user)
                                      : ms_loop_set_timer(client->loop, due_at_ms);
  return err == MSTEP_OK ? 0 : -1;
}

void ms_httpc_on_timer(struct ms_httpc *client)
{
  act(client, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- life -------------------------------------------------------------------------------------------- */

int ms_httpc_new(struct ms_httpc **out, const struct ms_httpc_options *options)
{
  *out = NULL;
  struct ms_httpc *client = ms_calloc(1, sizeof *client);
  if (client == NULL) {
    return ms_error_nomem();
  }
  client->loop = options->loop;
  client->set_timer = options->set_timer;
  client->user = options->user;
  client->is_guarded = options->is_guarded;
  if (options->ca_file != NULL) {
    client->ca_file = ms_strdupn(options->ca_file, strlen(options->ca_file));
  }
  client->is_global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  client->multi = client->is_global ? curl_multi_init() : NULL;
  if (client->multi == NULL || (options->ca_file != NULL && client->ca_file == NULL)) {
    ms_httpc_free(client);
    return ms_error_nomem();
  }
  long connections = options->connections == 0 ? CONNECTIONS : (long)options->connections;
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
  curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
  curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, connections);
  *out = client;
  return MSTEP_OK;
}

void ms_httpc_free(struct ms_httpc *client)
{
  if (client == NULL) {
    return;
  }
  while (client->calls != NULL) {
    call_free(client->calls);
  }
  while (client->ended != NULL) {
    call_free(client->ended);
  }
  curl_multi_cleanup(client->multi);
  if (client->is_global) {
    curl_global_cleanup();
  }
  ms_free(client->ca_file);
  ms_free(client);
}

/* ---- sending ----------------------------------------------------------------------------------------- */

int ms_httpc_send(struct ms_httpc_call **out, struct ms_httpc *client,
                  const struct ms_httpc_request *request, ms_httpc_done_cb done, void *user)
{
  struct ms_httpc_call *call = ms_calloc(1, sizeof *call);
  if (call == NULL) {
    return ms_error_nomem();
  }
  call->client = client;
  call->done = done;
  call->user = user;
  int err = ms_httpc_prepare(call, request);
  if (err == 0) {
    /* Only starts a timer: everything happens from the loop. */
    err =
        curl_multi_add_handle(client->multi, call->easy) == CURLM_OK ? MSTEP_OK : ms_error_nomem();
    call->is_running = err == 0;
  }
  if (err != 0) {
    call_free(call);
    return err;
  }
  link_call(&client->calls, call);
  client->pending++;
  ms_loop_hold(client->loop);
  if (out != NULL) {
    *out = call;
  }
  return MSTEP_OK;
}

void ms_httpc_cancel(struct ms_httpc_call *call)
{
  call_free(call);
}

unsigned ms_httpc_pending(const struct ms_httpc *client)
{
  return client->pending;
}
