/* Machines through the public header: creating, diagnostics, drawings, files. */
#include <string.h>

#include "host.h"
#include "mt.h"

#define PASS "{\"StartAt\":\"P\",\"States\":{\"P\":{\"Type\":\"Pass\",\"End\":true}}}"

struct found {
  int errors, warnings;
  char *code, *pointer, *hint;
  unsigned line, column;
};

static void on_diagnostic(const mstep_diagnostic *d, void *user)
{
  struct found *found = user;
  if (!d->is_error) {
    found->warnings++;
    return;
  }
  if (found->errors++ == 0) {
    found->code = mt_format("%s", d->code);
    found->pointer = mt_format("%s", d->pointer);
    found->hint = mt_format("%s", d->hint);
    found->line = d->line;
    found->column = d->column;
  }
  mt_ok(d->message[0] != '\0');
}

MT_TEST(machine__the_same_again_is_fine_and_another_is_not)
{
  struct host host;
  host_open(&host, NULL);
  mstep_arn first = host_machine(&host, "m", PASS), second;
  mt_eq_int(
      mstep_state_machine_create(&second, host.engine, "m", host_str(PASS), "STANDARD", NULL, NULL),
      0);
  mt_eq_str(second.text, first.text);
  mt_eq_int(
      mstep_state_machine_create(&second, host.engine, "m", host_str(" " PASS), NULL, NULL, NULL),
      MSTEP_EEXISTS);
  mt_eq_str(mstep_last_error(),
            "State Machine Already Exists: 'arn:aws:states:us-east-1:000000000000:stateMachine:m'");
  mt_eq_int(
      mstep_state_machine_create(&second, host.engine, "m", host_str(PASS), "EXPRESS", NULL, NULL),
      MSTEP_EEXISTS);
  host_close(&host);
}

MT_TEST(machine__names_are_checked)
{
  struct host host;
  mstep_arn arn;
  host_open(&host, NULL);
  mt_eq_int(mstep_state_machine_create(&arn, host.engine, "a b", host_str(PASS), NULL, NULL, NULL),
            MSTEP_EINVALID);
  mt_eq_str(mstep_last_error(), "Invalid Name: 'a b'");
  mt_eq_int(mstep_state_machine_create(&arn, host.engine, "", host_str(PASS), NULL, NULL, NULL),
            MSTEP_EINVALID);
  host_close(&host);
}

MT_TEST(machine__a_typing_mistake_is_found_with_its_place)
{
  struct host host;
  struct found found = {0};
  host_open(&host, NULL);
  const char *definition = "{\n"
                           "  \"StartAt\": \"A\",\n"
                           "  \"States\": {\n"
                           "    \"A\": {\"Type\": \"Pass\", \"Nxt\": \"B\", \"End\": true}\n"
                           "  }\n"
                           "}";
  mt_eq_int(
      mstep_state_machine_validate(host.engine, host_str(definition), NULL, on_diagnostic, &found),
      MSTEP_EDEFINITION);
  mt_eq_int(found.errors, 1);
  mt_eq_str(found.code, "SCHEMA_VALIDATION_FAILED");
  mt_eq_int(strncmp(found.pointer, "/States/A", 9), 0);
  mt_ok(strstr(found.hint, "Next") != NULL);
  mt_eq_int(found.line, 4);
  mt_ok(found.column > 0);
  mt_ok(strstr(mstep_last_error(), found.pointer) != NULL);
  host_close(&host);
}

MT_TEST(machine__all_problems_at_once)
{
  struct host host;
  struct found found = {0};
  mstep_arn arn;
  host_open(&host, NULL);
  const char *definition =
      "{\"StartAt\":\"X\",\"States\":{\"A\":{\"Type\":\"Pass\",\"Next\":\"Y\"},"
      "\"B\":{\"Type\":\"Paas\",\"End\":true}}}";
  mt_eq_int(mstep_state_machine_create(&arn, host.engine, "m", host_str(definition), NULL,
                                       on_diagnostic, &found),
            MSTEP_EDEFINITION);
  mt_ok(found.errors >= 3);
  mt_eq_int(mstep_state_machine_validate(host.engine, host_str("{"), NULL, on_diagnostic, &found),
            MSTEP_EDEFINITION);
  mt_eq_int(mstep_state_machine_validate(host.engine, host_str(PASS), NULL, NULL, NULL), 0);
  host_close(&host);
}

MT_TEST(machine__drawings)
{
  struct host host;
  const char *text = NULL;
  host_open(&host, NULL);
  mt_eq_int(mstep_state_machine_graph(host.engine, host_str(PASS), "mermaid", host_text, &text), 0);
  mt_eq_int(strncmp(text, "stateDiagram-v2", 15), 0);
  mt_eq_int(mstep_state_machine_graph(host.engine, host_str(PASS), "dot", host_text, &text), 0);
  mt_eq_int(strncmp(text, "digraph", 7), 0);
  mt_eq_int(mstep_state_machine_graph(host.engine, host_str("{}"), "dot", host_text, &text),
            MSTEP_EDEFINITION);
  host_close(&host);
}

MT_TEST(machine__read_from_a_file_byte_for_byte)
{
  struct host host;
  const char *text = NULL;
  host_open(&host, NULL);
  const char *path = mt_format("%s/machine.asl.json", mt_tmpdir());
  mt_write_file(path, " {\"a\" : 1.0}\n", 13);
  mt_eq_int(mstep_definition_read(host.engine, path, host_text, &text), 0);
  mt_eq_str(text, " {\"a\" : 1.0}\n");
  mt_eq_int(
      mstep_definition_read(host.engine, mt_format("%s/none.json", mt_tmpdir()), host_text, &text),
      MSTEP_EIO);
  mt_eq_int(mstep_definition_read(host.engine, mt_tmpdir(), host_text, &text), MSTEP_EIO);
  host_close(&host);
}
