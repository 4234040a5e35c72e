/*
 * `mstep serve`: the engine behind HTTP, speaking AWS's protocols on one port. Joins three things that do not
 * know each other: a loop, the engine on it, and the HTTP surface, whose operations are mstep_call's.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cli/answering.h"
#include "cli/client.h"
#include "cli/credentials.h"
#include "cli/deploy.h"
#include "cli/machine.h"
#include "cli/notify.h"
#include "cli/serve_log.h"
#include "cli/serve_project.h"
#include "http/front.h"

#define PORT_DEFAULT 4566
#define STOP_MS 10000 /* requests under way have so long to end */
#define KEEP_IN_MEMORY 10000 /* executions of each machine that ended, when they are in memory and nothing else is said */

struct serve {
  const struct ms_cli_args *args;
  struct ms_loop *loop;
  struct ms_client client;
  struct ms_project project;
  struct ms_serve_project declared;
  struct ms_credentials credentials;
  struct ms_serve_log log;
  struct ms_http_front *front;
  char address[256];
  unsigned long long port;
  bool is_stopping;
  struct call *calls; /* not answered yet */
};

/* ---- operations ---- */

struct call {
  struct call *next, **slot;
  uint64_t id;
  ms_http_front_reply_cb reply;
  void *user;
};

static void call_free(struct call *call)
{
  *call->slot = call->next;
  if (call->next != NULL) {
    call->next->slot = call->slot;
  }
  ms_free(call);
}

static void on_reply(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct call *call = user;
  (void)engine;
  (void)status; /* what is wrong stands in the reply, by AWS's name */
  call->reply(0, (struct ms_str){reply.data, reply.len}, call->user);
  call_free(call);
}

/* The client has left: a long poll is not to take what nobody gets. */
static void on_gone(uint64_t id, void *user)
{
  struct serve *serve = user;
  struct call *call = serve->calls;
  while (call != NULL && call->id != id) {
    call = call->next;
  }
  if (call != NULL) {
    mstep_call_cancel(serve->client.engine, call); /* without memory: it runs to its end */
  }
}

static int on_call(const struct ms_http_front_call *request, ms_http_front_reply_cb reply,
                   void *reply_user, void *user)
{
  struct serve *serve = user;
  char operation[128];
  bool is_named = strcmp(request->service, "mstep") == 0; /* by its name alone */
  int len = snprintf(operation, sizeof operation, "%s%s%s", is_named ? "" : request->service,
                     is_named ? "" : ":", request->operation);
  struct call *call = ms_alloc(sizeof *call);
  if (call == NULL || len < 0 || (size_t)len >= sizeof operation) {
    ms_free(call);
    return call == NULL ? MSTEP_ENOMEM : MSTEP_ENOTFOUND;
  }
  *call = (struct call){serve->calls, &serve->calls, request->id, reply, reply_user};
  if (call->next != NULL) {
    call->next->slot = &call->next;
  }
  serve->calls = call;
  int code = mstep_call(serve->client.engine, operation,
                        (mstep_str){request->input.data, request->input.len}, on_reply, call);
  if (code != MSTEP_OK) {
    call_free(call);
  }
  return code;
}

static int on_health(struct ms_buf *detail, void *user)
{
  struct serve *serve = user;
  const char *reason = "stopping";
  int code = serve->is_stopping ? MSTEP_ESTATE : MSTEP_OK;
  if (code == MSTEP_OK) {
    code = mstep_engine_health(serve->client.engine);
    reason = mstep_last_error();
  }
  if (code != MSTEP_OK) {
    struct ms_text text = {0};
    ms_text_put(&text, "{");
    ms_text_pair(&text, "status", "failing");
    ms_text_pair(&text, "reason", reason);
    ms_text_put(&text, "}");
    ms_buf_cstr(detail, ms_text_str(&text).data);
    ms_text_deinit(&text);
  }
  return code;
}

static void take_text(mstep_str text, void *user)
{
  ms_buf_put(user, text.data, text.len);
}

static int on_metrics(struct ms_buf *out, void *user)
{
  struct serve *serve = user;
  return mstep_metrics(serve->client.engine, take_text, out);
}

static int on_credential(struct ms_str *secret, struct ms_str access_key_id, void *user)
{
  struct serve *serve = user;
  return ms_credentials_find(secret, &serve->credentials, access_key_id);
}

/* ---- signals ---- */

/* Signals reach only a handler without arguments; it only says so and wakes the loop. */
static struct ms_loop *volatile signal_loop;
static volatile sig_atomic_t signal_count;

static void on_signal(int number)
{
  (void)number;
  if (++signal_count > 1) {
    _Exit(MS_EXIT_ABORTED);
  }
  if (signal_loop != NULL) {
    ms_loop_wake(signal_loop);
  }
}

static void catch_signals(struct ms_loop *loop)
{
  struct sigaction action = {.sa_flags = SA_RESTART, .sa_handler = on_signal};
  sigemptyset(&action.sa_mask);
  signal_loop = loop;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

static void on_stopped(void *user)
{
  struct serve *serve = user;
  ms_loop_stop(serve->loop);
}

static void on_wake(void *user)
{
  struct serve *serve = user;
  if (signal_count > 0 && !serve->is_stopping) {
    serve->is_stopping = true;
    ms_notify("STOPPING=1");
    ms_http_stop(ms_http_front_server(serve->front), STOP_MS, on_stopped, serve);
  }
}

static void on_nothing(void *user)
{
  (void)user;
}

/* ---- setting up ---- */

/* --listen [ADDRESS][:PORT] */
static bool read_listen(struct serve *serve)
{
  const char *text = serve->args->options[MS_OPTION_LISTEN];
  snprintf(serve->address, sizeof serve->address, "127.0.0.1");
  serve->port = PORT_DEFAULT;
  if (text == NULL) {
    return true;
  }
  const char *colon = strrchr(text, ':');
  bool is_port_only = strspn(text, "0123456789") == strlen(text);
  const char *port = is_port_only ? text : colon != NULL ? colon + 1 : NULL;
  size_t len = is_port_only ? 0 : colon != NULL ? (size_t)(colon - text) : strlen(text);
  if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
    text++;
    len -= 2;
  }
  if (len > 0 && len < sizeof serve->address) {
    snprintf(serve->address, sizeof serve->address, "%.*s", (int)len, text);
  }
  char *end = NULL;
  if (port != NULL) {
    errno = 0;
    serve->port = strtoull(port, &end, 10);
  }
  if (len >= sizeof serve->address ||
      (port != NULL && (*port == '\0' || *end != '\0' || errno != 0 || serve->port > 65535))) {
    ms_cli_error("--listen must be ADDRESS:PORT, ADDRESS or PORT, not \"%s\"",
                 serve->args->options[MS_OPTION_LISTEN]);
    return false;
  }
  return true;
}

static bool open_engine(struct serve *serve)
{
  mstep_options options;
  unsigned long long workers = 0;
  int code = mstep_options_init(&options, MSTEP_OPTIONS_VERSION);
  if (code == MSTEP_OK) {
    code = ms_loop_libevent_new(&serve->loop, NULL);
  }
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "could not make the event loop");
    return false;
  }
  if (!ms_client_find(&serve->client, serve->args, false) ||
      !ms_project_find(&serve->project, serve->args, ".") ||
      !ms_client_options(&options, serve->args) ||
      !ms_cli_number(&workers, serve->args, MS_OPTION_WORKERS, 0, 64)) {
    return false;
  }
  ms_project_apply(&options, &serve->project);
  options.event_base = ms_loop_event_base(serve->loop);
  options.is_log_kept = 1;
  options.log = ms_serve_log_line;
  options.log_user = &serve->log;
  options.is_aws_compat = serve->args->options[MS_OPTION_NO_LIMITS] == NULL;
  if (serve->client.path == NULL && options.retention_age_ms == 0 && options.retention_count == 0) {
    options.retention_count = KEEP_IN_MEMORY;
  }
  if (serve->args->options[MS_OPTION_WORKERS] != NULL) {
    options.workers = (int)workers;
  }
  if (serve->args->options[MS_OPTION_REGION] != NULL) {
    options.region = serve->args->options[MS_OPTION_REGION];
  }
  if (serve->args->options[MS_OPTION_ACCOUNT] != NULL) {
    options.account = serve->args->options[MS_OPTION_ACCOUNT];
  }
  return ms_client_open(&serve->client, &options, MS_CLIENT_RUN, true) &&
         mstep_engine_watch(serve->client.engine, ms_serve_log_event, &serve->log) == MSTEP_OK;
}

static bool open_front(struct serve *serve)
{
  const struct ms_cli_args *args = serve->args;
  bool has_credentials = args->options[MS_OPTION_CREDENTIALS] != NULL;
  if (has_credentials &&
      !ms_credentials_read(&serve->credentials, args->options[MS_OPTION_CREDENTIALS])) {
    return false;
  }
  struct ms_http_front_options options = {
      .http = {.loop = serve->loop,
               .address = serve->address,
               .port = (uint16_t)serve->port,
               .tls_cert_file = args->options[MS_OPTION_TLS_CERT],
               .tls_key_file = args->options[MS_OPTION_TLS_KEY],
               .allow_origin = args->options[MS_OPTION_ALLOW_ORIGIN],
               .hosts = args->options[MS_OPTION_HOSTS]},
      .call = on_call,
      .on_gone = on_gone,
      .credential = has_credentials ? on_credential : NULL,
      .health = on_health,
      .metrics = on_metrics,
      .user = serve,
  };
  ms_http_limits_init(&options.http.limits);
  int code = ms_http_front_new(&serve->front, &options);
  if (code != MSTEP_OK) {
    ms_cli_error("%s", mstep_last_error());
    if (!has_credentials && strstr(mstep_last_error(), "credentials") != NULL) {
      ms_cli_hint("--credentials FILE has the keys with which requests must be signed.");
    }
  }
  return code == MSTEP_OK;
}

static void put_address(struct ms_text *out, const struct serve *serve, const char *address)
{
  bool is_v6 = strchr(address, ':') != NULL;
  ms_text_printf(out, "%s://%s%s%s:%u",
                 serve->args->options[MS_OPTION_TLS_CERT] == NULL ? "http" : "https",
                 is_v6 ? "[" : "", address, is_v6 ? "]" : "",
                 serve->front == NULL ? (unsigned)serve->port
                                      : ms_http_port(ms_http_front_server(serve->front)));
}

/* Nobody reaches "all addresses": this machine's name is the best guess. */
static bool tell_base_url(struct serve *serve)
{
  const char *given = serve->args->options[MS_OPTION_BASE_URL];
  bool is_any = strcmp(serve->address, "0.0.0.0") == 0 || strcmp(serve->address, "::") == 0;
  struct ms_text url = {0}, request = {0};
  if (given != NULL) {
    ms_text_printf(&url, "%s", given);
  } else {
    put_address(&url, serve, is_any ? "localhost" : serve->address);
  }
  ms_text_printf(&request, "{\"baseUrl\":");
  ms_text_quote(&request, url.data == NULL ? "" : url.data);
  ms_text_printf(&request, "}");
  bool is_fine = ms_client_ask(&serve->client, "moonstep:SetBaseUrl", &request);
  if (!is_fine && given != NULL) {
    ms_cli_hint("--base-url is of the form http://HOST:PORT.");
  }
  ms_text_deinit(&url);
  ms_text_deinit(&request);
  return is_fine;
}

static void say_ready(const struct serve *serve)
{
  struct ms_text line = {0};
  ms_text_put(&line, "listening on ");
  put_address(&line, serve, serve->address);
  ms_text_printf(&line, ", store %s",
                 serve->client.store == NULL ? "none: nothing survives" : serve->client.store);
  ms_serve_log_ready(&serve->log, ms_text_str(&line).data);
  ms_text_deinit(&line);
  ms_notify("READY=1");
}

static int run(struct serve *serve)
{
  const struct ms_loop_callbacks callbacks = {on_nothing, on_nothing, on_wake, serve};
  ms_loop_set_callbacks(serve->loop, &callbacks);
  if (!open_front(serve) || !tell_base_url(serve)) {
    return MS_EXIT_USAGE;
  }
  if (serve->args->options[MS_OPTION_WATCH] != NULL &&
      !ms_serve_project_watch(&serve->declared)) {
    return MS_EXIT_USAGE;
  }
  catch_signals(serve->loop);
  say_ready(serve);
  int code = ms_loop_run(serve->loop);
  signal_loop = NULL;
  if (code != MSTEP_OK) {
    ms_cli_error_code(code, "the event loop failed");
    return MS_EXIT_FAILED;
  }
  return MS_EXIT_OK;
}

int ms_cmd_serve(const struct ms_cli_args *args)
{
  struct serve serve = {.args = args};
  int exit = MS_EXIT_USAGE;
  if (ms_serve_log_init(&serve.log, args) && read_listen(&serve) && open_engine(&serve) &&
      ms_client_answering(&serve.client, args, "") && tell_base_url(&serve)) {
    exit = ms_serve_project_load(&serve.declared, &serve.client, args) ? run(&serve) : MS_EXIT_USAGE;
  }
  ms_http_front_free(serve.front);
  ms_client_close(&serve.client);
  ms_loop_free(serve.loop);
  ms_credentials_deinit(&serve.credentials);
  return exit;
}
