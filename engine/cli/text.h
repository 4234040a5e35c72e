/*
 * Text for the program: a growing buffer, files, and the few things it needs of JSON as text.
 * JSON that arrives here was written by the library, so it is well-formed; nothing here validates.
 */
#ifndef MS_CLI_TEXT_H
#define MS_CLI_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "mstep/mstep.h"

/* A growing text, NUL-terminated once anything was added. Zeroed is empty. Failure sticks. */
struct ms_text {
  char *data;
  size_t len, capacity;
  bool is_failed; /* out of memory or past MS_TEXT_MAX: what was added since is lost */
};

/* The largest file that is read. A payload has 256 KiB, a definition 1 MiB; this is only a stop. */
#define MS_TEXT_MAX ((size_t)256 << 20)

/* The program's one use of the C library's memory: size 0 frees. NULL when out of memory. */
void *ms_cli_resize(void *data, size_t size);

void ms_text_deinit(struct ms_text *text);
void ms_text_add(struct ms_text *text, const char *data, size_t len);
void ms_text_put(struct ms_text *text, const char *string);
void ms_text_printf(struct ms_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
mstep_str ms_text_str(const struct ms_text *text);
/* An mstep_text_cb that adds to the ms_text given as `user`. */
void ms_text_sink(mstep_str text, void *user);

/* Adds a whole file; "-" is standard input. 0 or errno; EFBIG past MS_TEXT_MAX. */
int ms_text_read(struct ms_text *text, const char *path);

/* Adds `string` as a JSON string with its quotes. Bytes above ASCII pass as they are. */
void ms_text_quote(struct ms_text *text, const char *string);
/* Adds JSON laid out over lines, two spaces a level; what is no JSON is added as it stands. */
void ms_text_indent(struct ms_text *text, mstep_str json);
/* Adds the members of object `more` to the object that `text` holds: {"a":1} + {"b":2}. */
void ms_text_merge(struct ms_text *text, mstep_str more);
/*
 * Member `name` of the object `json`, as text: a string's own characters in `out` (escapes undone), any
 * other value as it stands. False when there is none, or no object.
 */
bool ms_text_member(struct ms_text *out, mstep_str json, const char *name);
/* Calls `each` with every item of the array `json`, as it stands. */
void ms_text_each(mstep_str json, void (*each)(mstep_str item, void *user), void *user);
/* Calls `each` with every member of the object `json`; the name as it stands between its quotes. */
void ms_text_each_member(mstep_str json, void (*each)(mstep_str name, mstep_str value, void *user),
                         void *user);
/* Member `name` as a number; `standard` when there is none. */
double ms_text_number(mstep_str json, const char *name, double standard);
/* Adds what the details of a history's event say, in an order that reads well. */
void ms_text_details(struct ms_text *text, mstep_str event);
/* Adds a JSON value: a string without quotes and escapes, anything else as it stands. */
void ms_text_value(struct ms_text *out, mstep_str json);
/* Adds `"name":"string"` with a comma before it, but behind a brace: for requests. */
void ms_text_pair(struct ms_text *text, const char *name, const char *string);
/* Calls `each` with every string of the array `json`, escapes undone. */
void ms_text_each_string(mstep_str json, void (*each)(const char *string, void *user), void *user);

/* Writes at most `width` columns of the first line of `string`, "…" where it was cut. UTF-8 aware. */
void ms_text_clip(struct ms_text *out, const char *string, size_t width);

#endif
