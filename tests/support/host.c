/* The small host: nothing here but the public header. */
#include "host.h"

#include <stdlib.h>
#include <string.h>

#include "mt.h"

static void open_engine(struct host *host)
{
  host->ended_arn = host->output = host->error = host->cause = mt_format("%s", "");
  mt_eq_int(mstep_engine_open(&host->engine, &host->options), 0);
}

void host_open(struct host *host, void (*tune)(mstep_options *options))
{
  host_open_at(host, NULL, tune);
}

void host_open_at(struct host *host, const char *store, void (*tune)(mstep_options *options))
{
  *host = (struct host){0};
  mt_eq_int(mstep_options_init(&host->options, MSTEP_OPTIONS_VERSION), 0);
  host->options.is_virtual_time = 1;
  host->options.seed = 7;
  host->options.workers = 0;
  host->options.store = store;
  if (tune != NULL) {
    tune(&host->options);
  }
  open_engine(host);
}

void host_close(struct host *host)
{
  mt_eq_int(mstep_engine_close(host->engine), 0);
  host->engine = NULL;
}

void host_reopen(struct host *host)
{
  const mstep_options options = host->options;
  host_close(host);
  *host = (struct host){.options = options};
  open_engine(host);
}

mstep_str host_str(const char *text)
{
  return (mstep_str){text, text == NULL ? 0 : strlen(text)};
}

static void show(const mstep_diagnostic *d, void *user)
{
  (void)user;
  mt_note("%s at %s: %s %s", d->code, d->pointer, d->message, d->hint);
}

mstep_arn host_machine(struct host *host, const char *name, const char *definition)
{
  mstep_arn arn;
  mt_eq_int(
      mstep_state_machine_create(&arn, host->engine, name, host_str(definition), NULL, show, NULL),
      0);
  return arn;
}

static char *keep(mstep_str text)
{
  return mt_format("%.*s", (int)text.len, text.data == NULL ? "" : text.data);
}

void host_done(mstep_engine *engine, const char *arn, mstep_status status, mstep_str output,
               mstep_str error, mstep_str cause, void *user)
{
  struct host *host = user;
  mt_ok(engine == host->engine);
  host->ended++;
  host->ended_arn = mt_format("%s", arn);
  host->status = status;
  host->output = keep(output);
  host->error = keep(error);
  host->cause = keep(cause);
}

void host_start(struct host *host, const mstep_arn *machine, const char *name, const char *input)
{
  mt_eq_int(mstep_execution_start(&host->arn, host->engine, machine->text, name, host_str(input),
                                  host_done, host),
            0);
}

void host_run(struct host *host)
{
  mt_eq_int(mstep_engine_run(host->engine), 0);
}

static void go_round(mstep_engine *engine, void *user)
{
  int *rounds = user;
  if (--*rounds > 0) {
    mt_eq_int(mstep_engine_post(engine, go_round, rounds), 0);
  } else {
    mstep_engine_stop(engine);
  }
}

void host_rounds(struct host *host, int rounds)
{
  mt_eq_int(mstep_engine_post(host->engine, go_round, &rounds), 0);
  host_run(host);
}

mstep_status host_once(struct host *host, const char *definition, const char *input)
{
  mstep_arn machine = host_machine(host, "m", definition);
  int before = host->ended;
  host_start(host, &machine, NULL, input);
  host_run(host);
  mt_eq_int(host->ended, before + 1);
  return host->status;
}

void host_text(mstep_str text, void *user)
{
  *(const char **)user = keep(text);
}

const char *host_history(struct host *host, const char *arn)
{
  const char *text = NULL;
  mt_eq_int(mstep_execution_history(host->engine, arn, host_text, &text), 0);
  return text;
}

const char *host_describe(struct host *host, const char *arn)
{
  const char *text = NULL;
  mt_eq_int(mstep_execution_describe(host->engine, arn, host_text, &text), 0);
  return text;
}
