/*
 * JSON values: immutable, counted, 16 bytes passed by value. What was parsed is what is printed:
 * integers of 64 bits stay integers, doubles print the shortest text that reads back the same
 * (`1.0` stays `1.0`), numbers too large for either keep their text, members keep their order,
 * strings may hold U+0000.
 *
 * Ownership. A function that *returns* a value or fills an `out` gives one reference to the caller
 * (ms_json_unref). A getter (`_at`, `_get`, `_key`) gives a *borrowed* value that lives as long as its
 * parent; ms_json_ref keeps it. A parameter is *borrowed* unless its comment says *takes*; a taken
 * value is consumed on failure too.
 *
 * Counts are not atomic: a value belongs to one thread. Threads exchange text.
 *
 * Out of memory: a function that returns a value returns one of type MS_JSON_NONE. NONE may be
 * passed to every function here; it means "no value" (also: a missing member).
 */
#ifndef MS_JSON_JSON_H
#define MS_JSON_JSON_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum ms_json_type {
  MS_JSON_NONE, /* no value: absent, undefined, out of memory */
  MS_JSON_NULL,
  MS_JSON_BOOL,
  MS_JSON_INT,    /* fits int64_t and was written without fraction and exponent */
  MS_JSON_DOUBLE, /* any other number that a double holds; always finite */
  MS_JSON_BIG,    /* a number past both: its text, as written */
  MS_JSON_STRING,
  MS_JSON_ARRAY,
  MS_JSON_OBJECT
};

struct ms_json_string; /* counted text */
struct ms_json_array;  /* counted items */
struct ms_json_object; /* counted members in order, indexed when many */

struct ms_json {
  uint8_t type;     /* enum ms_json_type */
  uint8_t tag;      /* 0; for the use of evaluators while a value is in their hands */
  uint16_t reserved; /* 0; of INT 0: 1 when it was written `-0` and is to be printed so */
  uint32_t aux;     /* 0; likewise */
  union {
    int64_t integer;
    double number;
    bool boolean;
    struct ms_json_string *string; /* STRING and BIG */
    struct ms_json_array *array;
    struct ms_json_object *object;
  } u;
};

/*
 * No value nests deeper than this, whoever builds it: the parser refuses, and so do push and set
 * (MSTEP_ETOOBIG). So code that walks values may recurse.
 */
#define MS_JSON_DEPTH_MAX 1024
/*
 * Nor does any value print to more than this, give or take the digits of numbers and escapes,
 * however small it is in memory: parts that are shared count each time they occur. So a walk ends.
 */
#define MS_JSON_SIZE_MAX ((uint32_t)1 << 28)

#define MS_JSON_VALUE_NONE ((struct ms_json){MS_JSON_NONE, 0, 0, 0, {0}})
#define MS_JSON_VALUE_NULL ((struct ms_json){MS_JSON_NULL, 0, 0, 0, {0}})

/* ---- life ---- */
struct ms_json ms_json_ref(struct ms_json value); /* one more reference; returns its argument */
void ms_json_unref(struct ms_json value);         /* never recurses deeper than the depth limit */
void ms_json_replace(struct ms_json *slot, struct ms_json value); /* unrefs *slot; takes value */
/* Whether the caller's reference is not the only one. False for what is not counted. */
bool ms_json_is_shared(struct ms_json value);

/* ---- scalars ---- */
struct ms_json ms_json_bool(bool value);
struct ms_json ms_json_int(int64_t value);
struct ms_json ms_json_double(double value); /* finite, else NONE */
struct ms_json ms_json_string(struct ms_str text); /* copies valid UTF-8 */
struct ms_json ms_json_cstring(const char *text);
/* Formats into a string value; bytes that are not valid UTF-8 become U+FFFD. */
struct ms_json ms_json_stringf(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline bool ms_json_is_none(struct ms_json v) { return v.type == MS_JSON_NONE; }
static inline bool ms_json_is_null(struct ms_json v) { return v.type == MS_JSON_NULL; }
static inline bool ms_json_is_bool(struct ms_json v) { return v.type == MS_JSON_BOOL; }
static inline bool ms_json_is_string(struct ms_json v) { return v.type == MS_JSON_STRING; }
static inline bool ms_json_is_array(struct ms_json v) { return v.type == MS_JSON_ARRAY; }
static inline bool ms_json_is_object(struct ms_json v) { return v.type == MS_JSON_OBJECT; }
static inline bool ms_json_is_number(struct ms_json v)
{
  return v.type == MS_JSON_INT || v.type == MS_JSON_DOUBLE || v.type == MS_JSON_BIG;
}
static inline bool ms_json_is_true(struct ms_json v) { return v.type == MS_JSON_BOOL && v.u.boolean; }

struct ms_str ms_json_text(struct ms_json value); /* of STRING and BIG: borrowed; else "" */
double ms_json_number(struct ms_json value);      /* nearest double of any number; 0 for others */
/* True and *out set when the value is a whole number within int64 (`3`, `3.0`, `3e2`). */
bool ms_json_to_int(int64_t *out, struct ms_json value);
/* The integer that was written `-0`. */
bool ms_json_is_negative_zero(struct ms_json value);
const char *ms_json_type_name(struct ms_json value); /* "null" "boolean" "number" "string" ... */

/* ---- arrays ---- */
struct ms_json ms_json_array(size_t capacity);
size_t ms_json_count(struct ms_json array_or_object); /* 0 for others */
struct ms_json ms_json_at(struct ms_json array, size_t index); /* borrowed; NONE when out of range */
/*
 * Appends; *takes* item. Changes in place while the caller holds the only reference, else the array
 * is copied first: either way *array is the result. MSTEP_ENOMEM leaves *array as it was.
 * An item of NONE is refused with MSTEP_ENOMEM, so that results need no check of their own.
 */
int ms_json_push(struct ms_json *array, struct ms_json item);
int ms_json_set_at(struct ms_json *array, size_t index, struct ms_json item); /* takes; index < count */

/* ---- objects ---- */
struct ms_json ms_json_object(size_t capacity);
struct ms_json ms_json_get(struct ms_json object, struct ms_str key); /* borrowed; NONE when missing */
struct ms_json ms_json_getc(struct ms_json object, const char *key);
struct ms_str ms_json_key(struct ms_json object, size_t index);       /* borrowed */
struct ms_json ms_json_key_value(struct ms_json object, size_t index); /* the key as a string; borrowed */
struct ms_json ms_json_member(struct ms_json object, size_t index);   /* borrowed */
/* Sets or replaces (a replaced member keeps its place); *takes* value; copy on write as push. */
int ms_json_set(struct ms_json *object, struct ms_str key, struct ms_json value);
int ms_json_setc(struct ms_json *object, const char *key, struct ms_json value);
/* The same with a key that is a string value (borrowed, shared and not copied). */
int ms_json_set_key(struct ms_json *object, struct ms_json key, struct ms_json value);
int ms_json_remove(struct ms_json *object, struct ms_str key); /* no error when missing */

/* ---- comparison ---- */
/* Deep; member order does not matter; 1 equals 1.0; big numbers by value where text allows. */
bool ms_json_equal(struct ms_json a, struct ms_json b);
/* Deep and exact: number kind and member order count too. For tests of fidelity. */
bool ms_json_identical(struct ms_json a, struct ms_json b);
int ms_json_cmp_number(struct ms_json a, struct ms_json b); /* -1, 0, 1; exact between int64s */
uint64_t ms_json_hash(struct ms_json value, uint64_t seed); /* equal values hash alike */

/* ---- text ---- */
struct ms_json_limits {
  size_t max_bytes;        /* of the text */
  uint32_t max_depth;      /* of nesting */
  uint32_t max_number_len; /* characters in one number */
};
#define MS_JSON_LIMITS_DEFAULT ((struct ms_json_limits){(size_t)64 << 20, 512, 1024})
/* For texts the engine wrote itself: whatever could be built can be read back. */
#define MS_JSON_LIMITS_OWN ((struct ms_json_limits){SIZE_MAX, MS_JSON_DEPTH_MAX, UINT32_MAX})

/* Where a text is wrong. Lines and columns count from 1, columns in code points. */
struct ms_json_position {
  size_t offset; /* bytes from the start */
  uint32_t line;
  uint32_t column;
};

/*
 * Reads exactly one JSON text (RFC 8259, no BOM). Duplicate member names: the last wins, at the place of
 * the first. Refuses invalid UTF-8, lone surrogate escapes and trailing text.
 * limits NULL = defaults. where may be NULL. Errors: MSTEP_ESYNTAX, MSTEP_ETOOBIG (a limit),
 * MSTEP_ENOMEM; the detail names line and column.
 */
int ms_json_parse(struct ms_json *out, struct ms_str text, const struct ms_json_limits *limits,
                  struct ms_json_position *where);

/*
 * The same, and records where each value and each member name begins, for diagnostics. `map` is
 * allocated in the arena; look up with ms_json_locate. Duplicate members are reported through it too.
 */
struct ms_json_map;
int ms_json_parse_located(struct ms_json *out, struct ms_json_map **map, struct ms_arena *arena,
                          struct ms_str text, const struct ms_json_limits *limits,
                          struct ms_json_position *where);
/* Position of the value at a JSON pointer ("" = root); of its member name when key is true. False:
 * there is no such value, *out is then the position of the nearest parent that exists. */
bool ms_json_locate(struct ms_json_position *out, const struct ms_json_map *map,
                    struct ms_str pointer, bool key);
size_t ms_json_duplicate_count(const struct ms_json_map *map);
struct ms_str ms_json_duplicate(const struct ms_json_map *map, size_t index); /* pointer of the member */

/*
 * After ms_json_parse gave MSTEP_ESYNTAX: what is wrong, in the words of AWS's parser ("Unrecognized token
 * 'x': was expecting ..."). The detail must still be that of the failure.
 */
void ms_json_print_complaint(struct ms_buf *out, struct ms_str text,
                             const struct ms_json_position *where);

void ms_json_print(struct ms_buf *out, struct ms_json value);        /* compact; NONE prints nothing */
void ms_json_print_pretty(struct ms_buf *out, struct ms_json value, unsigned indent);
void ms_json_print_string(struct ms_buf *out, struct ms_str text);   /* quoted and escaped */
size_t ms_json_print_double(char out[40], double value);             /* shortest round trip; length */
struct ms_json ms_json_print_value(struct ms_json value);            /* compact text as a string value */
size_t ms_json_size_bytes(struct ms_json value);                     /* length of the compact text */
/* Whether the compact text has at most max_bytes; looks no further than it must. */
bool ms_json_fits(struct ms_json value, size_t max_bytes);

/* ---- JSON Pointer (RFC 6901) ---- */
struct ms_json ms_json_pointer(struct ms_json root, struct ms_str pointer); /* borrowed; NONE on a miss */
void ms_json_pointer_push(struct ms_buf *pointer, struct ms_str key);       /* appends "/key", escaped */
void ms_json_pointer_push_index(struct ms_buf *pointer, size_t index);

#endif
