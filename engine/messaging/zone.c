/*
 * A zone is a list of moments at which its offset changes, and a rule for the time behind the last of them.
 * The bytes are not trusted: every count is checked against what is there.
 */
#include "messaging/zone.h"

#include "base/alloc.h"
#include "base/error.h"
#include "messaging/zone_rule.h"

#define HEADER_SIZE 44
#define CHANGES_MAX 20000
#define TYPES_MAX 256
#define OFFSET_MAX 93599 /* 25:59:59, as the format says */
#define AROUND (OFFSET_MAX + 1)

struct ms_zone {
  int64_t *changes; /* UTC seconds, rising */
  uint8_t *types;   /* of each change: the offset from then on */
  size_t count;
  int32_t offsets[TYPES_MAX];
  bool has_rule;
  struct ms_zone_rule rule; /* behind the last change */
};

/* ---- the bytes ---- */

struct counts {
  uint32_t is_utc, is_std, leap, change, type, letter;
};

static uint32_t read32(const char *at)
{
  const unsigned char *p = (const unsigned char *)at;
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read64(const char *at)
{
  return (int64_t)((uint64_t)read32(at) << 32 | read32(at + 4));
}

static bool read_header(struct counts *out, struct ms_str bytes, size_t at)
{
  if (at > bytes.len || bytes.len - at < HEADER_SIZE || memcmp(bytes.data + at, "TZif", 4) != 0) {
    return false;
  }
  const char *p = bytes.data + at + 20;
  *out = (struct counts){read32(p),      read32(p + 4),  read32(p + 8),
                         read32(p + 12), read32(p + 16), read32(p + 20)};
  return out->change <= CHANGES_MAX && out->type > 0 && out->type <= TYPES_MAX &&
         out->is_utc <= TYPES_MAX && out->is_std <= TYPES_MAX && out->leap <= CHANGES_MAX &&
         out->letter <= CHANGES_MAX;
}

/* Bytes of the block behind a header; a time takes `width` of them. */
static size_t block_size(const struct counts *c, size_t width)
{
  return c->change * (width + 1) + (size_t)c->type * 6 + c->letter + c->leap * (width + 4) +
         c->is_std + c->is_utc;
}

static int read_changes(struct ms_zone *zone, const struct counts *c, const char *at, size_t width)
{
  zone->changes = ms_reallocarray(NULL, c->change, sizeof *zone->changes);
  zone->types = ms_reallocarray(NULL, c->change, sizeof *zone->types);
  if (zone->changes == NULL || zone->types == NULL) {
    return ms_error_nomem();
  }
  const char *types = at + c->change * width;
  for (uint32_t i = 0; i < c->change; i++) {
    const char *time = at + i * width;
    zone->changes[i] = width == 8 ? read64(time) : (int32_t)read32(time);
    zone->types[i] = (uint8_t)types[i];
    bool is_rising = i == 0 || zone->changes[i] > zone->changes[i - 1];
    if (!is_rising || zone->types[i] >= c->type) {
      return ms_error(MSTEP_ESYNTAX, "a time zone's changes are out of order");
    }
  }
  zone->count = c->change;
  return 0;
}

static int read_offsets(struct ms_zone *zone, const struct counts *c, const char *at)
{
  for (uint32_t i = 0; i < c->type; i++) {
    int32_t offset = (int32_t)read32(at + (size_t)i * 6);
    if (offset > OFFSET_MAX || offset < -OFFSET_MAX) {
      return ms_error(MSTEP_ESYNTAX, "a time zone's offset is out of range");
    }
    zone->offsets[i] = offset;
  }
  return 0;
}

/* The rule stands between two line breaks behind the second block; it may be empty. */
static int read_rule(struct ms_zone *zone, struct ms_str bytes, size_t at)
{
  if (at >= bytes.len || bytes.data[at] != '\n') {
    return ms_error(MSTEP_ESYNTAX, "a time zone has no end");
  }
  size_t end = ms_str_find(bytes, at + 1, '\n');
  struct ms_str text = ms_str_sub(bytes, at + 1, end);
  if (end == bytes.len) {
    return ms_error(MSTEP_ESYNTAX, "a time zone has no end");
  }
  zone->has_rule = text.len > 0;
  if (zone->has_rule && !ms_zone_rule_parse(&zone->rule, text)) {
    return ms_error(MSTEP_ESYNTAX, "a time zone's rule cannot be read");
  }
  return 0;
}

static int read_zone(struct ms_zone *zone, struct ms_str bytes)
{
  struct counts c;
  size_t at = HEADER_SIZE;
  size_t width = 4;
  if (!read_header(&c, bytes, 0)) {
    return ms_error(MSTEP_ESYNTAX, "no time zone file");
  }
  bool has_second = bytes.data[4] >= '2';
  if (has_second) { /* the same once more, with wider times */
    size_t second = HEADER_SIZE + block_size(&c, 4);
    if (!read_header(&c, bytes, second)) {
      return ms_error(MSTEP_ESYNTAX, "a time zone is cut short");
    }
    at = second + HEADER_SIZE;
    width = 8;
  }
  if (bytes.len - at < block_size(&c, width)) {
    return ms_error(MSTEP_ESYNTAX, "a time zone is cut short");
  }
  int err = read_changes(zone, &c, bytes.data + at, width);
  err = err != 0 ? err : read_offsets(zone, &c, bytes.data + at + c.change * (width + 1));
  return err != 0 || !has_second ? err : read_rule(zone, bytes, at + block_size(&c, width));
}

int ms_zone_parse(struct ms_zone **out, struct ms_str bytes)
{
  if (bytes.len > MS_ZONE_BYTES_MAX) {
    return ms_error(MSTEP_ESYNTAX, "no time zone file");
  }
  struct ms_zone *zone = ms_calloc(1, sizeof *zone);
  if (zone == NULL) {
    return ms_error_nomem();
  }
  int err = read_zone(zone, bytes);
  if (err != 0) {
    ms_zone_free(zone);
    return err;
  }
  *out = zone;
  return 0;
}

void ms_zone_free(struct ms_zone *zone)
{
  if (zone != NULL) {
    ms_free(zone->changes);
    ms_free(zone->types);
    ms_free(zone);
  }
}

/* ---- questions ---- */

/* How many changes are at or before. */
static size_t changes_until(const struct ms_zone *zone, int64_t at_s)
{
  size_t low = 0;
  size_t high = zone->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (zone->changes[middle] <= at_s) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int32_t ms_zone_offset_s(const struct ms_zone *zone, int64_t at_s)
{
  if (zone == NULL) {
    return 0;
  }
  size_t passed = changes_until(zone, at_s);
  if (passed == zone->count && zone->has_rule) {
    return ms_zone_rule_offset_s(&zone->rule, at_s);
  }
  return zone->offsets[passed == 0 ? 0 : zone->types[passed - 1]];
}

static size_t take_time(int64_t out[2], size_t count, const struct ms_zone *zone, int64_t local_s,
                        int32_t offset)
{
  int64_t at_s = local_s - offset;
  if (ms_zone_offset_s(zone, at_s) != offset) {
    return count;
  }
  for (size_t i = 0; i < count; i++) {
    if (out[i] == at_s) {
      return count;
    }
  }
  if (count == 2) { /* three changes within two days: the earliest two */
    size_t later = out[0] > out[1] ? 0 : 1;
    out[later] = at_s < out[later] ? at_s : out[later];
    return count;
  }
  out[count] = at_s;
  return count + 1;
}

/* Every offset that holds somewhere near the time is tried. */
size_t ms_zone_from_local(int64_t out[2], const struct ms_zone *zone, int64_t local_s)
{
  if (zone == NULL) {
    out[0] = local_s;
    return 1;
  }
  size_t first = changes_until(zone, local_s - AROUND);
  size_t last = changes_until(zone, local_s + AROUND);
  size_t count = take_time(out, 0, zone, local_s, ms_zone_offset_s(zone, local_s - AROUND));
  for (size_t i = first; i < last; i++) {
    count = take_time(out, count, zone, local_s, zone->offsets[zone->types[i]]);
  }
  if (last == zone->count && zone->has_rule) {
    count = take_time(out, count, zone, local_s, zone->rule.standard_s);
    count = take_time(out, count, zone, local_s, zone->rule.summer_s);
  }
  if (count == 2 && out[0] > out[1]) {
    int64_t later = out[0];
    out[0] = out[1];
    out[1] = later;
  }
  return count;
}
