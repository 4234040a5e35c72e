/*
 * The insides of JSON values, for the files of this module only. Everybody else goes through json.h.
 *
 * Each counted thing is one allocation. The first word of all of them is the count.
 *
 *   string   refs hash len | bytes NUL
 *   array    refs depth count capacity weight | items
 *   object   refs depth count capacity weight slot_count | members | slots (capacity > 8)
 *
 * `depth` is an upper bound of the nesting below and including the container, kept as children are
 * put in. No value gets deeper than MS_JSON_DEPTH_MAX, whoever builds it, which is what makes plain
 * recursion over values safe here and everywhere else.
 *
 * `weight` is a lower bound of the length of the printed text, kept exactly up to date: a child does
 * not change while a container holds it. Without that bound `[x,x]` put into itself sixty times
 * would be a small value that nobody can compare, hash or measure before the sun goes out.
 */
#ifndef MS_JSON_INTERNAL_H
#define MS_JSON_INTERNAL_H

#include "json/json.h"

/* Objects up to this many members are searched from the front; larger ones have an index. */
#define MS_JSON_LINEAR_MAX 8

/* `reserved` of an INT 0 that was written `-0`, so that it is printed so. */
#define MS_JSON_NEGATIVE_ZERO 1

struct ms_json_string {
  uint32_t refs;
  uint32_t hash; /* 0: not computed yet */
  size_t len;
  char data[]; /* and a NUL */
};

struct ms_json_array {
  uint32_t refs;
  uint32_t depth;
  uint32_t count;
  uint32_t capacity;
  uint32_t weight;
  uint32_t unused;
  struct ms_json items[];
};

struct ms_json_pair {
  struct ms_json_string *key;
  struct ms_json value;
};

struct ms_json_object {
  uint32_t refs;
  uint32_t depth;
  uint32_t count;
  uint32_t capacity;
  uint32_t weight;
  uint32_t slot_count; /* 0 or a power of two, at least twice the capacity */
  struct ms_json_pair members[];
};

static inline struct ms_json ms_json_of_string(struct ms_json_string *string)
{
  return (struct ms_json){.type = MS_JSON_STRING, .u.string = string};
}

static inline struct ms_json ms_json_of_array(struct ms_json_array *array)
{
  return (struct ms_json){.type = MS_JSON_ARRAY, .u.array = array};
}

static inline struct ms_json ms_json_of_object(struct ms_json_object *object)
{
  return (struct ms_json){.type = MS_JSON_OBJECT, .u.object = object};
}

static inline bool ms_json_is_counted(struct ms_json value)
{
  return value.type >= MS_JSON_BIG;
}

static inline uint32_t ms_json_depth(struct ms_json value)
{
  if (value.type == MS_JSON_ARRAY) {
    return value.u.array->depth;
  }
  return value.type == MS_JSON_OBJECT ? value.u.object->depth : 0;
}

/* At most the length of the value's compact text. */
static inline uint64_t ms_json_weight(struct ms_json value)
{
  switch (value.type) {
  case MS_JSON_ARRAY:
    return value.u.array->weight;
  case MS_JSON_OBJECT:
    return value.u.object->weight;
  case MS_JSON_BIG:
  case MS_JSON_STRING:
    return value.u.string->len;
  default:
    return 1;
  }
}

/* What an item adds to its array, and a member to its object, with the comma and the colon. */
static inline uint64_t ms_json_item_weight(struct ms_json item)
{
  return ms_json_weight(item) + 1;
}

static inline uint64_t ms_json_member_weight(const struct ms_json_string *key,
                                             struct ms_json value)
{
  return key->len + ms_json_weight(value) + 4;
}

static inline struct ms_str ms_json_string_view(const struct ms_json_string *string)
{
  return (struct ms_str){string->data, string->len};
}

/* ---- value.c ---- */
struct ms_json_string *ms_json_string_new(size_t len); /* bytes not set, NUL is; NULL: no memory */
void ms_json_string_unref(struct ms_json_string *string);
uint32_t ms_json_string_hash_of(struct ms_str text); /* never 0 */
struct ms_json ms_json_big(struct ms_str text);      /* a number kept as text */

static inline uint32_t ms_json_string_hash(struct ms_json_string *string)
{
  if (string->hash == 0) {
    string->hash = ms_json_string_hash_of(ms_json_string_view(string));
  }
  return string->hash;
}

/* ---- array.c, object.c: for the parser ---- */
struct ms_json_array *ms_json_array_new(size_t capacity); /* NULL: no memory */
struct ms_json_object *ms_json_object_new(size_t capacity);
/*
 * Adds a member to an object that has room and only one reference; takes key and value. When the
 * name is there already its value is replaced and true is returned.
 */
bool ms_json_object_add(struct ms_json_object *object, struct ms_json_string *key,
                        struct ms_json value);
/* Position of a member, or UINT32_MAX. */
uint32_t ms_json_object_find(const struct ms_json_object *object, struct ms_str key);

/* ---- number.c ---- */
/* The value of a number's text, which must be of JSON's grammar; is_integer: it has neither fraction
 * nor exponent. NONE: no memory. */
struct ms_json ms_json_number_from_text(struct ms_str text, bool is_integer);
/* A double from digits without point and a decimal exponent: no locale is involved. */
double ms_json_double_from_text(struct ms_str text);

/* ---- locate.c: what the parser tells the map ---- */
struct ms_json_map *ms_json_map_new(struct ms_arena *arena,
                                    struct ms_str text); /* NULL: no memory */
int ms_json_map_add_duplicate(struct ms_json_map *map, struct ms_str pointer);
void ms_json_position_of(struct ms_json_position *out, struct ms_str text, size_t offset);

/* ---- pointer.c ---- */
/* Whether a token of a pointer, still escaped, is this name. */
bool ms_json_pointer_token_is(struct ms_str token, struct ms_str name);
size_t ms_json_pointer_index(struct ms_str token); /* SIZE_MAX when it is no index */

/* ---- parse_string.c ---- */
/* What a look over a string's text found, up to its closing quote. */
struct ms_json_string_scan {
  size_t len; /* bytes between the quotes */
  bool has_escapes;
  const char *error; /* NULL when fine */
  const char *error_at;
};
/* `at` points behind the opening quote. */
void ms_json_scan_string(struct ms_json_string_scan *scan, const char *at, const char *end);
/* The bytes of a scanned string with its escapes resolved; out has room for text.len. */
size_t ms_json_unescape(char *out, struct ms_str text);

#endif
