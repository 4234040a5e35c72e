/* Calls of operations and their answers: nothing here but the public header. */
#include "calls.h"

#include <string.h>

#include "mt.h"

#define RUNS_MAX 100 /* of a loop that others stop as well */

void on_answer(mstep_engine *engine, int status, mstep_str reply, void *user)
{
  struct answer *answer = user;
  answer->count++;
  answer->status = status;
  answer->text = mt_format("%.*s", (int)reply.len, reply.data == NULL ? "" : reply.data);
  mstep_engine_stop(engine);
}

struct answer call_answer(struct host *host, const char *operation, const char *request)
{
  struct answer answer = {0};
  mt_eq_int(mstep_call(host->engine, operation, host_str(request), on_answer, &answer), 0);
  mt_eq_int(answer.count, 0);
  for (int i = 0; i < RUNS_MAX && answer.count == 0; i++) {
    host_run(host);
  }
  mt_eq_int(answer.count, 1);
  return answer;
}

char *call(struct host *host, const char *operation, const char *request)
{
  return call_answer(host, operation, request).text;
}

char *call_has(struct host *host, const char *operation, const char *request, const char *part)
{
  char *text = call(host, operation, request);
  bool is_not = part[0] == '!';
  if ((strstr(text, part + is_not) != NULL) == is_not) {
    mt_fail("%s %.300s: %.2000s, not %s", operation, request, text, part);
  }
  return text;
}

void call_is(struct host *host, const char *operation, const char *request, const char *answer)
{
  const char *text = call(host, operation, request);
  if (strcmp(text, answer) != 0) {
    mt_fail("%s %.300s: %.2000s, not %s", operation, request, text, answer);
  }
}

void text_has(const char *text, const char *part)
{
  if (text == NULL || strstr(text, part) == NULL) {
    mt_fail("%s has no %s", text == NULL ? "(nothing)" : text, part);
  }
}

void text_has_not(const char *text, const char *part)
{
  if (text != NULL && strstr(text, part) != NULL) {
    mt_fail("%s has %s", text, part);
  }
}

void open_in(struct host *host, bool has_store)
{
  host_open_at(host, has_store ? mt_format("sqlite:%s/s.db", mt_tmpdir()) : NULL, NULL);
}

void again(struct host *host)
{
  if (host->options.store != NULL) {
    host_reopen(host);
  }
}
