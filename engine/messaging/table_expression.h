/*
 * The expressions of requests: conditions, filters, key conditions, projections, updates. A
 * request's names and
 * values are its words; each expression is read against them into terms of an arena, then evaluated
 * on items any number of times.
 */
#ifndef MS_MESSAGING_TABLE_EXPRESSION_H
#define MS_MESSAGING_TABLE_EXPRESSION_H

#include "base/arena.h"
#include "messaging/table_value.h"

#define MS_TABLE_EXPRESSION_MAX 4096
#define MS_TABLE_OPERATORS_MAX 300

struct ms_table_words {
  struct ms_arena *arena;
  struct ms_json names, values; /* NONE without; values are checked and owned */
  bool *names_used, *values_used;
  bool has_expression;
};

struct ms_table_step {
  struct ms_str name; /* data NULL: an index */
  uint32_t index;
};

struct ms_table_path {
  const struct ms_table_step *steps;
  size_t count;
};

enum ms_table_term_kind {
  MS_TERM_PATH,
  MS_TERM_VALUE,
  MS_TERM_SIZE,
  MS_TERM_IF_NOT_EXISTS,
  MS_TERM_LIST_APPEND,
  MS_TERM_PLUS,
  MS_TERM_MINUS,
  MS_TERM_EQ,
  MS_TERM_NE,
  MS_TERM_LT,
  MS_TERM_LE,
  MS_TERM_GT,
  MS_TERM_GE,
  MS_TERM_BETWEEN,
  MS_TERM_IN,
  MS_TERM_AND,
  MS_TERM_OR,
  MS_TERM_NOT,
  MS_TERM_EXISTS,
  MS_TERM_NOT_EXISTS,
  MS_TERM_TYPE,
  MS_TERM_BEGINS_WITH,
  MS_TERM_CONTAINS
};

struct ms_table_term {
  enum ms_table_term_kind kind;
  bool is_in_parentheses;
  struct ms_table_path path;
  struct ms_json value;              /* borrowed from the words */
  struct ms_table_term *args, *next; /* operands, and the next of its own siblings */
};

struct ms_table_paths {
  struct ms_table_path *items;
  size_t count;
};

enum ms_table_verb { MS_TABLE_SET, MS_TABLE_REMOVE, MS_TABLE_ADD, MS_TABLE_TAKE };

struct ms_table_action {
  enum ms_table_verb verb;
  struct ms_table_path path;
  const struct ms_table_term *value; /* NULL: REMOVE */
  struct ms_table_action *next;
};

/* ---- table_reader.c ---- */
int ms_table_words_init(struct ms_table_words *words, struct ms_json request,
                        struct ms_queue_refusal *why);
/* Is something defined that no expression has used? */
int ms_table_words_check(const struct ms_table_words *words, struct ms_queue_refusal *why);
void ms_table_words_deinit(struct ms_table_words *words);

/* ---- reading ---- member: "ConditionExpression" ...; *out stays NULL without text */
int ms_table_condition_parse(const struct ms_table_term **out, struct ms_table_words *words,
                             struct ms_json request, const char *member,
                             struct ms_queue_refusal *why);
int ms_table_projection_parse(struct ms_table_paths *out, struct ms_table_words *words,
                              struct ms_json request, struct ms_queue_refusal *why);
int ms_table_update_parse(const struct ms_table_action **out, struct ms_table_words *words,
                          struct ms_json request, struct ms_queue_refusal *why);

/* ---- evaluating ---- */
/* NULL: true. item NONE: there is none. */
bool ms_table_condition_holds(const struct ms_table_term *term, struct ms_json item);
int ms_table_project(struct ms_json *out, const struct ms_table_paths *paths, struct ms_json item);
/* *out: the item as it is afterwards; item NONE: there is none yet. */
int ms_table_update_apply(struct ms_json *out, const struct ms_table_action *actions,
                          struct ms_json item, struct ms_queue_refusal *why);
/* The paths that an update names, in an arena. */
int ms_table_update_paths(struct ms_table_paths *out, struct ms_arena *arena,
                          const struct ms_table_action *actions);

/* ---- table_path.c ---- */
struct ms_json ms_table_path_get(const struct ms_table_path *path, struct ms_json item);
/*
 * Sets (takes value) or removes (value NONE) what is there. MSTEP_EINVALID: there is no such
 * place.
 */
int ms_table_path_set(struct ms_json *item, const struct ms_table_path *path, struct ms_json value);
void ms_table_path_sort(struct ms_table_paths *paths);
/* -1, 0, 1; *is_prefix: one begins with the other. */
int ms_table_path_cmp(const struct ms_table_path *a, const struct ms_table_path *b,
                      bool *is_prefix);
void ms_table_path_print(char out[128], const struct ms_table_path *path);
/* What lists have left after ms_table_path_set removed from them. */
int ms_table_path_sweep(struct ms_json *item, const struct ms_table_path *path);

/* ---- table_reader.c ---- */
enum ms_table_token {
  MS_TOKEN_END,
  MS_TOKEN_NAME,
  MS_TOKEN_REFERENCE, /* #name */
  MS_TOKEN_VALUE,     /* :value */
  MS_TOKEN_NUMBER,
  MS_TOKEN_SIGN, /* one of ( ) [ ] , . = < > + - and <> <= >= */
  MS_TOKEN_WRONG
};

struct ms_table_reader {
  struct ms_table_words *words;
  const char *member;
  struct ms_str text;
  size_t at; /* behind the token */
  enum ms_table_token token;
  struct ms_str word; /* the token's text */
  size_t before;      /* where the token before it began */
  unsigned depth, operators;
  struct ms_queue_refusal *why;
};

int ms_table_reader_init(struct ms_table_reader *reader, struct ms_table_words *words,
                         struct ms_json request, const char *member, struct ms_queue_refusal *why);
void ms_table_reader_step(struct ms_table_reader *reader);
bool ms_table_reader_is(const struct ms_table_reader *reader, const char *sign);
bool ms_table_reader_is_word(const struct ms_table_reader *reader, const char *word); /* any case */
/* Steps over the sign, or refuses. */
int ms_table_reader_expect(struct ms_table_reader *reader, const char *sign);
int ms_table_reader_syntax(struct ms_table_reader *reader);
int ms_table_reader_refuse(struct ms_table_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int ms_table_reader_path(struct ms_table_path *out, struct ms_table_reader *reader);
int ms_table_reader_value(struct ms_json *out, struct ms_table_reader *reader);
struct ms_table_term *ms_table_term_new(struct ms_table_reader *reader,
                                        enum ms_table_term_kind kind);
/* Deeper by one level; refuses what is too deep. */
int ms_table_reader_enter(struct ms_table_reader *reader);

#endif
