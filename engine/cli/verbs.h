/*
 * `mstep NOUN VERB ...`: commands that are one operation. A row of verbs.def says which, how its
 * request is made of the command line, and what of its answer a person sees.
 */
#ifndef MS_CLI_VERBS_H
#define MS_CLI_VERBS_H

#include "cli/client.h"

/* What a verb has at hand. */
struct ms_verb_call {
  struct ms_client *client;
  const struct ms_cli_args *args;
  const char *const *operands; /* behind the verb */
  size_t operand_count;
  struct ms_text *request; /* begins with '{'; the members are to be added, not the last brace */
};

enum ms_verb_flag {
  MS_VERB_JSON = 1, /* people see the whole answer, laid out */
  MS_VERB_READS = 2 /* changes nothing: works beside a process that has the store open */
};

struct ms_verb {
  const char *noun, *name, *operands;
  size_t operands_min, operands_max;
  unsigned flags;
  const char *operation;
  bool (*build)(struct ms_verb_call *call); /* False: said */
  void (*show)(struct ms_verb_call *call);  /* the answer, for people; NULL: by `list` */
  const char *list;    /* the member that is shown: a list, or one value. NULL: nothing is */
  const char *columns; /* of the list's items: "TITLE=member ..."; NULL: the items are texts */
  const char *token;   /* the member that leads to the next page; NULL: there is one page */
};

#define MS_VERB(noun, name, operands, min, max, flags, operation, build, show, list, columns,      \
                token)                                                                             \
  bool build(struct ms_verb_call *call);
#include "cli/verbs.def"
#undef MS_VERB

/* ---- for builders ---- */

/* `"name":` and a string, a JSON value, or the option's value where it was given. */
void ms_verb_text(struct ms_verb_call *call, const char *name, const char *text);
void ms_verb_json(struct ms_verb_call *call, const char *name, const char *json);
void ms_verb_option(struct ms_verb_call *call, const char *name, enum ms_option option);
/* The operand as text: itself, @FILE or -. False: said. */
bool ms_verb_value(struct ms_verb_call *call, const char *name, size_t operand, bool is_json);
/* The item of a list whose member is `name`, or ends in ":name"; its ARN. False: said. */
bool ms_verb_find(struct ms_text *arn, struct ms_verb_call *call, const char *operation,
                  const char *list, const char *member, const char *name);
/* The ARN that "queue:NAME", "function:NAME", "topic:NAME", "machine:NAME" means; other addresses stay. False: said. */
bool ms_verb_target(struct ms_text *out, struct ms_verb_call *call, const char *target);
/* Has the server what this ARN names? Addresses that it cannot know pass. False: said. */
bool ms_verb_target_check(struct ms_verb_call *call, const char *arn);
/* Says the latest error: that there is no NOUN called so, where it is this. */
void ms_verb_say(const struct ms_verb_call *call, const char *noun, const char *name);

/* ---- who shows ---- */

/* What an answer, already shown, leaves to do and to say; the exit code. */
int ms_verb_outcome(struct ms_verb_call *call, const struct ms_verb *verb);

void ms_show_messages(struct ms_verb_call *call);
void ms_show_attributes(struct ms_verb_call *call);
void ms_show_events(struct ms_verb_call *call);
void ms_show_table(struct ms_verb_call *call);
void ms_show_items(struct ms_verb_call *call);
void ms_show_item(struct ms_verb_call *call);

/* The row, or NULL. */
const struct ms_verb *ms_verb_row(const char *noun, const char *name);
/*
 * Has this verb a use for the option? The option's help says it: "send: ..." or "create, put: ...; get: ...", where these
 * are verbs of the noun; without that it is for all of them.
 */
bool ms_cli_option_is_of(enum ms_option option, const struct ms_verb *verb);
/* Says that the command has no such verb, and which is meant. */
void ms_cli_unknown_verb(const struct ms_cmd *cmd, const char *word);
/* Says which verbs there are; false: the command has none. */
bool ms_cli_needs_verb(const struct ms_cmd *cmd);
/* Every name of a noun's verbs, one after the other; NULL behind the last. */
const char *ms_verb_name(const char *noun, size_t index);

#endif
