/*
 * Reads the text of a pattern token by token, and says where it is wrong as the service does: its messages
 * carry the text itself and the place at which its parser stood, so that parser's habits are kept here. A
 * name is read together with the beginning of its value, and a string is read to its end only when it is
 * looked at or stepped over.
 */
#ifndef MS_MESSAGING_PATTERN_TEXT_H
#define MS_MESSAGING_PATTERN_TEXT_H

#include "messaging/pattern.h"

enum ms_token {
  MS_TOKEN_WRONG, /* `error` is set */
  MS_TOKEN_END,   /* of the text, outside everything */
  MS_TOKEN_OBJECT,
  MS_TOKEN_OBJECT_END,
  MS_TOKEN_ARRAY,
  MS_TOKEN_ARRAY_END,
  MS_TOKEN_NAME,
  MS_TOKEN_STRING,
  MS_TOKEN_NUMBER,
  MS_TOKEN_TRUE,
  MS_TOKEN_FALSE,
  MS_TOKEN_NULL
};

struct ms_pattern_scope {
  uint32_t start; /* offset of the bracket */
  bool is_object;
  bool has_entry;
};

struct ms_pattern_text {
  struct ms_str text;
  struct ms_arena *arena; /* borrowed: decoded strings */
  struct ms_buf *message; /* borrowed, may be NULL */
  int error;              /* 0, MSTEP_EINVALID, MSTEP_ENOMEM */
  size_t at;              /* the next byte to read */
  size_t start;           /* of the current token; for strings behind the quote */
  size_t end;
  enum ms_token token;   /* current */
  enum ms_token pending; /* the value behind a NAME */
  bool is_open;          /* the last string token has not been read to its end */
  struct ms_str name;    /* of the last NAME, decoded */
  struct ms_pattern_scope *scopes; /* MS_PATTERN_DEPTH_MAX of them */
  size_t depth;
};

/* MSTEP_ENOMEM. The text must be valid UTF-8. Strings come from `arena`, what is needed to read from scratch. */
int ms_pattern_text_init(struct ms_pattern_text *t, struct ms_str text, struct ms_arena *arena,
                         struct ms_arena *scratch, struct ms_buf *message);
enum ms_token ms_pattern_next(struct ms_pattern_text *t);
/* The current token: a string's or name's content, a number as written, a bracket. False: `error`. */
bool ms_pattern_token_text(struct ms_str *out, struct ms_pattern_text *t);

/* Sets `error` and the message, with and without the place; the first one stays. */
int ms_pattern_fail(struct ms_pattern_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int ms_pattern_fail_plain(struct ms_pattern_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The place once more: inside lists the service wraps the failure twice. */
void ms_pattern_fail_again(struct ms_pattern_text *t);
int ms_pattern_nomem(struct ms_pattern_text *t);

#endif
