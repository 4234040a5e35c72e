/*
 * Values while an expression runs: 16 bytes, passed by value. The first nine types are JSON values
 * as they are (borrowed from the input, a variable or the program: converting costs nothing); the
 * others are made by the evaluator, live in its scratch memory and die with the evaluation.
 *
 * Not counted, not freed singly: what is returned to the caller is copied into counted JSON once,
 * at the end (borrowed parts are shared, not copied).
 */
#ifndef MS_QUERY_JSONATA_VALUE_H
#define MS_QUERY_JSONATA_VALUE_H

#include <math.h>

#include "base/error.h"
#include "json/json.h"

struct ms_jx_eval;
struct ms_jx_dict;
struct ms_jx_function;
struct ms_jx_tuple;

enum ms_jx_type {
  MS_JX_UNDEFINED = MS_JSON_NONE,
  MS_JX_NULL = MS_JSON_NULL,
  MS_JX_BOOL = MS_JSON_BOOL,
  MS_JX_INT = MS_JSON_INT,
  MS_JX_DOUBLE = MS_JSON_DOUBLE, /* computed ones may be infinite or NaN */
  MS_JX_BIG = MS_JSON_BIG,
  MS_JX_STRING = MS_JSON_STRING, /* a JSON string */
  MS_JX_ARRAY = MS_JSON_ARRAY,   /* a JSON array */
  MS_JX_OBJECT = MS_JSON_OBJECT, /* a JSON object */
  MS_JX_TEXT,                    /* `len` bytes of scratch or borrowed text */
  MS_JX_LIST,                    /* `len` values, never changed once made */
  MS_JX_DICT,                    /* an object being or been built */
  MS_JX_FUNCTION,                /* lambda, builtin, regular expression, composition ... */
  MS_JX_TUPLE,                   /* an item of a tuple stream: context item and bound names */
  MS_JX_ERROR,                   /* the evaluation has failed; details in ms_jx_eval */
  MS_JX_THUNK,                   /* a call in tail position, still to be made */
  MS_JX_UNSET                    /* not looked up yet; the `?` of a partial application */
};

/* Of arrays and lists; MS_JX_COMPUTED of doubles. */
enum ms_jx_flag {
  MS_JX_SEQUENCE = 1, /* unwraps when it has one item, is undefined when it has none */
  MS_JX_KEEP = 2,     /* ... but not with one item: `[]` was written */
  MS_JX_CONS = 4,     /* an array constructor in a path: not flattened */
  MS_JX_OUTER = 8,    /* wraps the input when that is an array */
  MS_JX_TUPLES = 16,  /* its items are tuples */
  MS_JX_COMPUTED = 32 /* a double that is printed as an integer when it is whole */
};

struct ms_jx {
  uint8_t type;
  uint8_t flags;
  uint16_t reserved; /* as in struct ms_json */
  uint32_t len;
  union {
    uint64_t bits;
    int64_t integer;
    double number;
    bool boolean;
    struct ms_json_string *string;
    struct ms_json_array *array;
    struct ms_json_object *object;
    const char *text;
    const struct ms_jx *items;
    struct ms_jx_dict *dict;
    struct ms_jx_function *function;
    struct ms_jx_tuple *tuple;
  } u;
};

/* Members in the order of their making; an index is built when there are many. */
struct ms_jx_member {
  struct ms_jx key; /* STRING or TEXT */
  struct ms_jx value;
};
struct ms_jx_dict {
  struct ms_jx_member *members;
  uint32_t count;
  uint32_t capacity;
  uint32_t *index; /* of index_size slots: member number + 1, or 0; NULL while small */
  uint32_t index_size;
};

#define MS_JX_MAX_LEN UINT32_MAX

static inline struct ms_jx ms_jx_make(uint8_t type)
{
  return (struct ms_jx){type, 0, 0, 0, {0}};
}
#define MS_JX_VALUE_UNDEFINED ((struct ms_jx){MS_JX_UNDEFINED, 0, 0, 0, {0}})
#define MS_JX_VALUE_ERROR ((struct ms_jx){MS_JX_ERROR, 0, 0, 0, {0}})

static inline bool ms_jx_is_undefined(struct ms_jx v)
{
  return v.type == MS_JX_UNDEFINED;
}
static inline bool ms_jx_is_error(struct ms_jx v)
{
  return v.type == MS_JX_ERROR;
}
static inline bool ms_jx_is_null(struct ms_jx v)
{
  return v.type == MS_JX_NULL;
}
static inline bool ms_jx_is_bool(struct ms_jx v)
{
  return v.type == MS_JX_BOOL;
}
static inline bool ms_jx_is_array(struct ms_jx v)
{
  return v.type == MS_JX_ARRAY || v.type == MS_JX_LIST;
}
static inline bool ms_jx_is_object(struct ms_jx v)
{
  return v.type == MS_JX_OBJECT || v.type == MS_JX_DICT;
}
static inline bool ms_jx_is_string(struct ms_jx v)
{
  return v.type == MS_JX_STRING || v.type == MS_JX_TEXT;
}
/* By type: NaN and the infinities too. */
static inline bool ms_jx_is_number(struct ms_jx v)
{
  return v.type >= MS_JX_INT && v.type <= MS_JX_BIG;
}
static inline bool ms_jx_is_function(struct ms_jx v)
{
  return v.type == MS_JX_FUNCTION;
}
static inline bool ms_jx_is_sequence(struct ms_jx v)
{
  return (v.flags & MS_JX_SEQUENCE) != 0;
}

static inline struct ms_jx ms_jx_from_json(struct ms_json json)
{
  struct ms_jx v = {json.type, 0, json.reserved, 0, {0}};
  memcpy(&v.u, &json.u, sizeof v.u);
  return v;
}
/* Only for the first nine types. */
static inline struct ms_json ms_jx_as_json(struct ms_jx v)
{
  struct ms_json json = {v.type, 0, v.reserved, 0, {0}};
  memcpy(&json.u, &v.u, sizeof json.u);
  return json;
}

static inline struct ms_jx ms_jx_bool(bool value)
{
  struct ms_jx v = ms_jx_make(MS_JX_BOOL);
  v.u.boolean = value;
  return v;
}
static inline struct ms_jx ms_jx_int(int64_t value)
{
  struct ms_jx v = ms_jx_make(MS_JX_INT);
  v.u.integer = value;
  return v;
}
static inline struct ms_jx ms_jx_double(double value)
{
  struct ms_jx v = ms_jx_make(MS_JX_DOUBLE);
  v.flags = MS_JX_COMPUTED;
  v.u.number = value;
  return v;
}
/* Borrows: the bytes must outlive the evaluation or be scratch. At most MS_JX_MAX_LEN bytes. */
static inline struct ms_jx ms_jx_text_value(struct ms_str s)
{
  struct ms_jx v = ms_jx_make(MS_JX_TEXT);
  v.len = (uint32_t)s.len;
  v.u.text = s.data;
  return v;
}
#define MS_JX_LITERAL(text) ms_jx_text_value(MS_STR(text))

static inline struct ms_str ms_jx_text(struct ms_jx v) /* of a string; else "" */
{
  if (v.type == MS_JX_TEXT) {
    return (struct ms_str){v.u.text, v.len};
  }
  return v.type == MS_JX_STRING ? ms_json_text(ms_jx_as_json(v)) : (struct ms_str){"", 0};
}
static inline double ms_jx_number(struct ms_jx v) /* of a number */
{
  if (v.type == MS_JX_INT) {
    return (double)v.u.integer;
  }
  return v.type == MS_JX_DOUBLE ? v.u.number : ms_json_number(ms_jx_as_json(v));
}

static inline size_t ms_jx_count(struct ms_jx array) /* of an array; else 0 */
{
  if (array.type == MS_JX_LIST) {
    return array.len;
  }
  return array.type == MS_JX_ARRAY ? ms_json_count(ms_jx_as_json(array)) : 0;
}
static inline struct ms_jx ms_jx_at(struct ms_jx array, size_t index) /* index < count */
{
  if (array.type == MS_JX_LIST) {
    return array.u.items[index];
  }
  return ms_jx_from_json(ms_json_at(ms_jx_as_json(array), index));
}

/* ---- objects ---- */
size_t ms_jx_member_count(struct ms_jx object); /* 0 for others */
struct ms_jx ms_jx_member_key(struct ms_jx object, size_t index);
struct ms_jx ms_jx_member_value(struct ms_jx object, size_t index);
struct ms_jx ms_jx_dict_get(const struct ms_jx_dict *dict, struct ms_str key);
static inline struct ms_jx ms_jx_get(struct ms_jx object, struct ms_str key) /* or undefined */
{
  if (object.type == MS_JX_OBJECT) {
    return ms_jx_from_json(ms_json_get(ms_jx_as_json(object), key));
  }
  return object.type == MS_JX_DICT ? ms_jx_dict_get(object.u.dict, key) : MS_JX_VALUE_UNDEFINED;
}
/* A new object in scratch memory, or ERROR. */
struct ms_jx ms_jx_dict(struct ms_jx_eval *ev, size_t capacity);
/* Sets or replaces; false when the evaluation failed. */
bool ms_jx_dict_set(struct ms_jx_eval *ev, struct ms_jx dict, struct ms_jx key, struct ms_jx value);
/* Number of the member with that key, or -1. */
int64_t ms_jx_dict_find(const struct ms_jx_dict *dict, struct ms_str key);
/* For members written into place: drops undefined ones, builds the index. */
bool ms_jx_dict_settle(struct ms_jx_eval *ev, struct ms_jx_dict *dict);
void ms_jx_dict_remove(struct ms_jx_eval *ev, struct ms_jx_dict *dict, struct ms_str key);

/* ---- strings and arrays in scratch memory; ERROR when a limit is passed ---- */
struct ms_jx ms_jx_copy_text(struct ms_jx_eval *ev, struct ms_str s);
/* Takes over the buffer's bytes (copied to scratch) and its error; deinits it. */
struct ms_jx ms_jx_take_buf(struct ms_jx_eval *ev, struct ms_buf *buf);
struct ms_jx ms_jx_list(struct ms_jx_eval *ev, const struct ms_jx *items, size_t count);
/* An uninitialised list whose items the caller fills at once through *items. */
struct ms_jx ms_jx_list_new(struct ms_jx_eval *ev, struct ms_jx **items, size_t count);

/* ---- comparison and text ---- */
/* Deep equality, strict about types. Spends steps: look at ev->code when it matters. */
bool ms_jx_equal(struct ms_jx_eval *ev, struct ms_jx a, struct ms_jx b);
/* The same thing: equal scalars, or one and the same array, object or function. */
bool ms_jx_same(struct ms_jx a, struct ms_jx b);
/* -1, 0, 1 of two numbers (neither NaN) or two strings (in the order of UTF-16 units). */
int ms_jx_compare(struct ms_jx a, struct ms_jx b);
/* JSON text as $string writes it; indent 0 = compact. False when the evaluation failed. */
bool ms_jx_print(struct ms_jx_eval *ev, struct ms_buf *out, struct ms_jx value, unsigned indent);
/* A finite double as ECMAScript writes it; returns the length. */
size_t ms_jx_print_double(char out[40], double value);
/* JSON text for an error message: no limits, nothing fails; functions are `{}`. */
void ms_jx_print_message(struct ms_buf *out, struct ms_jx value);
/* The counted JSON value of a result: fails (ERROR set in ev) for functions. NONE = undefined. */
int ms_jx_to_json(struct ms_jx_eval *ev, struct ms_json *out, struct ms_jx value);
/* The letter that stands for a value's type in signatures: s n b l a o f, m for undefined. */
char ms_jx_type_letter(struct ms_jx value);

#endif
