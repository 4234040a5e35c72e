/* The scanner: expression text to tokens, one at a time. */
#ifndef MS_QUERY_JSONATA_LEX_H
#define MS_QUERY_JSONATA_LEX_H

#include "base/arena.h"
#include "base/str.h"

enum ms_jx_token_type {
  MS_JX_TK_END,
  MS_JX_TK_OPERATOR, /* id */
  MS_JX_TK_NAME,     /* text */
  MS_JX_TK_VARIABLE, /* text without the `$` */
  MS_JX_TK_STRING,   /* text, decoded */
  MS_JX_TK_NUMBER,   /* text as written */
  MS_JX_TK_VALUE,    /* text: true, false, null */
  MS_JX_TK_REGEX     /* text: the pattern; flags */
};

/* Operators by their characters: the ASCII code of a single one, or these. */
enum ms_jx_operator {
  MS_JX_O_DOTDOT = 128,
  MS_JX_O_BIND, /* := */
  MS_JX_O_NOT_EQUAL,
  MS_JX_O_GREATER_EQUAL,
  MS_JX_O_LESS_EQUAL,
  MS_JX_O_DESCENDANT, /* ** */
  MS_JX_O_APPLY,      /* ~> */
  MS_JX_O_ELVIS,      /* ?: */
  MS_JX_O_COALESCE,   /* ?? */
  MS_JX_O_AND,
  MS_JX_O_OR,
  MS_JX_O_IN,
  MS_JX_O_COUNT
};

struct ms_jx_token {
  enum ms_jx_token_type type;
  int id;              /* of OPERATOR */
  size_t pos;          /* byte offset behind the token */
  struct ms_str text;  /* source text of operators too */
  struct ms_str flags; /* of REGEX */
};

struct ms_jx_lexer {
  struct ms_str source;
  size_t pos;
  struct ms_arena *arena;
  bool new_operators; /* `?:` and `??` */
  /* Of a failure. */
  const char *code; /* "S0101"; NULL with a failure: out of memory */
  size_t error_pos;
  struct ms_str error_token;
};

/* The next token. `infix`: an operand came before, so `/` divides. False on failure. */
bool ms_jx_lex(struct ms_jx_lexer *lexer, bool infix, struct ms_jx_token *token);

#endif
