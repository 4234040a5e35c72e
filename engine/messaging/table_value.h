/*
 * Attribute values and items, as JSON in the service's form: {"S": "text"}, {"N": "1.5"}, {"M":
 * {...}}. What came
 * in is checked and put into one form once (numbers without needless digits, base64 as it is
 * written
 * here); everything behind that may rely on it.
 */
#ifndef MS_MESSAGING_TABLE_VALUE_H
#define MS_MESSAGING_TABLE_VALUE_H

#include "messaging/queue.h"
#include "messaging/table_number.h"
#include "json/json.h"

#define MS_TABLE_ITEM_MAX ((size_t)400 * 1024)
#define MS_TABLE_NESTING_MAX 32

/* *out: the value in its one form. MSTEP_EINVALID: see *why. */
int ms_table_value_check(struct ms_json *out, struct ms_json value, struct ms_queue_refusal *why);
/* The same of an object of values. */
int ms_table_item_check(struct ms_json *out, struct ms_json item, struct ms_queue_refusal *why);

/* "S", "SS", ... of a checked value; data NULL of NONE. */
struct ms_str ms_table_type(struct ms_json value);
bool ms_table_is_type(struct ms_json value, const char *type);
struct ms_json ms_table_inner(struct ms_json value); /* what is inside; borrowed */
bool ms_table_is_set(struct ms_json value);
struct ms_table_number ms_table_number_of(struct ms_json value); /* of an N */
/* {type: inner}; takes inner. NONE: out of memory. */
struct ms_json ms_table_value(struct ms_str type, struct ms_json inner);
struct ms_json ms_table_number_value(const struct ms_table_number *number);

/* Sets are equal whatever their order. */
bool ms_table_equal(struct ms_json a, struct ms_json b);
/* *order: -1, 0, 1; false: not of one type, or of none that has an order. */
bool ms_table_compare(int *order, struct ms_json a, struct ms_json b);
/* Bytes, as the service counts them; of an item with the names. */
size_t ms_table_value_size(struct ms_json value);
size_t ms_table_item_size(struct ms_json item);
/* How long: characters, bytes, members. False: it has no size. */
bool ms_table_length(size_t *out, struct ms_json value);
/* Bytes of a B's text. */
size_t ms_table_binary_size(struct ms_str base64);

#endif
