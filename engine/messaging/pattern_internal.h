/* What the files of patterns share: the compiled form, and the state of compiling. */
#ifndef MS_MESSAGING_PATTERN_INTERNAL_H
#define MS_MESSAGING_PATTERN_INTERNAL_H

#include "messaging/event_fields.h"
#include "messaging/matcher.h"
#include "messaging/path_tree.h"
#include "messaging/pattern_text.h"

#define MS_DIALECTS_ALL                                                                            \
  (MS_PATTERN_RULE | MS_PATTERN_SOURCE | MS_PATTERN_ATTRIBUTES | MS_PATTERN_BODY)
#define MS_DIALECTS_POLICY (MS_PATTERN_ATTRIBUTES | MS_PATTERN_BODY)

/*
 * A clause is a conjunction: for each of its keys one value of that name has to satisfy one of the key's
 * alternatives. The keys are in the order of their names, in which they are also tried.
 */
struct ms_clause_key {
  struct ms_str name;
  uint32_t node;   /* of the path tree */
  uint32_t first;  /* alternatives: matchers [first, first + count) of the pattern */
  uint32_t count;
  uint32_t shared; /* steps that the name has in common with the next key's; 0 for the last */
  bool may_be_absent;
};

struct ms_clause {
  struct ms_clause_key *keys;
  uint32_t count;
};

struct ms_pattern {
  size_t refs;
  struct ms_arena *arena; /* everything below */
  struct ms_path_tree tree;
  const struct ms_matcher *matchers;
  size_t matcher_count;
  struct ms_clause *clauses; /* any of them */
  size_t clause_count;
};

/* ---- compiling ---- */
struct ms_draft_key {
  struct ms_str name;
  uint32_t first;
  uint32_t count;
};

struct ms_draft {
  struct ms_draft_key *keys;
  uint32_t count;
  uint32_t capacity;
};

struct ms_compile {
  struct ms_pattern_text text;
  struct ms_arena *arena;   /* of the pattern to be */
  struct ms_arena *scratch; /* of compiling */
  enum ms_pattern_dialect dialect;
  bool knows_or; /* $or joins objects; else it is a name like others */
  MS_VEC(struct ms_matcher) matchers;
  MS_VEC(struct ms_draft) drafts;
  size_t draft_keys; /* in all drafts ever made: bounds what $or may cost */
  size_t looks;      /* bounds what long patterns may cost */
  struct ms_buf path; /* of the object being read, "a.b." */
  size_t top_keys; /* names at the top */
  bool is_nested;
  bool is_complex; /* some wildcard is */
  bool is_mixed;   /* the last anything-but list had texts and numbers */
  size_t wildcard_budget;
};

/* Reads the alternative at the current token (behind `[` or `,`), one matcher. Returns t.error. */
int ms_alternative_read(struct ms_compile *c);
int ms_compile_add(struct ms_compile *c, struct ms_matcher m);
/* A matcher of `kind` whose operand and key is `text`. */
struct ms_matcher ms_compile_text(enum ms_matcher_kind kind, struct ms_str text);
int ms_compile_fold_key(struct ms_matcher *m, struct ms_compile *c);
int ms_compile_wildcard(struct ms_matcher *out, struct ms_compile *c, struct ms_str text);
int ms_compile_add_number(struct ms_compile *c); /* the one at the current token */
int ms_compile_add_address(struct ms_compile *c, struct ms_str key, struct ms_address first,
                           struct ms_address last);
/* The drafts as clauses of a new pattern; takes the compile's arena on success. */
int ms_compile_finish(struct ms_pattern **out, struct ms_compile *c);

#define MS_OPERATOR(name, read, dialects) int read(struct ms_compile *c);
#include "messaging/operators.def"
#undef MS_OPERATOR

/* A policy's limits. Returns t.error. */
int ms_policy_check(struct ms_compile *c);

#endif
