/*
 * What TestState is asked to test: the state as a machine of its own, and whether the rest of the
 * request fits it. Running it is op_test_state.c's.
 */
#ifndef MS_API_TEST_STATE_H
#define MS_API_TEST_STATE_H

#include "api/call.h"

/* Owned. */
struct ms_test_state {
  struct ms_json state;      /* the state's object */
  struct ms_json definition; /* text of a machine that starts with it; what it leads to is stubs */
  struct ms_json input, variables, context, items, result; /* values; NONE: not given */
};

/* False: the call has been answered, with what is wrong. Call deinit in any case. */
bool ms_test_state_read(struct ms_test_state *out, struct ms_api_call *call);
void ms_test_state_deinit(struct ms_test_state *test);
bool ms_test_state_is(const struct ms_test_state *test, const char *type);

/* What follows region and account in the Task's Resource: "sqs:sendMessage", "activity:a". */
struct ms_str ms_test_resource(const struct ms_test_state *test);

/* test_mock.c: false: answered likewise. A mocked result beside what the service would answer. */
bool ms_test_mock_check(struct ms_api_call *call, const struct ms_test_state *test);

/* test_context.c: false: answered likewise. A Context Object in place of ours. */
bool ms_test_context_check(struct ms_api_call *call, const struct ms_test_state *test);

#endif
