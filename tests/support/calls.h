/*
 * Operations called through mstep_call by a test with a host (host.h): one call and its answer, what
 * an answer has in it, and an engine with or without a store that is opened again.
 */
#ifndef CALLS_H
#define CALLS_H

#include "host.h"

struct answer {
  int count; /* times told */
  int status;
  char *text; /* kept until the case ends */
};

/* For mstep_call. user: the struct answer; stops the loop. */
void on_answer(mstep_engine *engine, int status, mstep_str reply, void *user);

/* One call, run until it is answered: exactly once, never from inside the call. */
struct answer call_answer(struct host *host, const char *operation, const char *request);
/* The answer's text, whatever its status. */
char *call(struct host *host, const char *operation, const char *request);
/* Ends the case unless the answer has that in it ("!text": has it not); the answer. */
char *call_has(struct host *host, const char *operation, const char *request, const char *part);
/* Ends the case unless the answer is that. */
void call_is(struct host *host, const char *operation, const char *request, const char *answer);

/* End the case when not so; text may be NULL. */
void text_has(const char *text, const char *part);
void text_has_not(const char *text, const char *part);

/* host_open; with a store: a file in the case's directory. */
void open_in(struct host *host, bool has_store);
/* Closes the engine and opens it again over its store; without one nothing happens. */
void again(struct host *host);

#endif
