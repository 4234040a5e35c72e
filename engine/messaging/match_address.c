/*
 * Matchers of internet addresses. Which texts are addresses is decided as in Java: four decimal numbers, or
 * groups of hexadecimal digits between colons; an IPv4 address mapped into IPv6 is the IPv4 address.
 */
#include "messaging/matcher.h"

#define IPV4_TEXT_MAX 15

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool looks_like_ipv4(struct ms_str text)
{
  size_t dots = 0;
  for (size_t i = 0; i < text.len; i++) {
    bool at_edge = i == 0 || i + 1 == text.len;
    if (text.data[i] == '.') {
      if (at_edge || text.data[i - 1] == '.' || ++dots > 3) {
        return false;
      }
    } else if (!is_digit(text.data[i])) {
      return false;
    }
  }
  return dots == 3;
}

static bool looks_like_ipv6(struct ms_str text)
{
  bool has_colon = false;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] == ':') {
      has_colon = true;
    } else if (!is_hex(text.data[i])) {
      return false;
    }
  }
  return has_colon;
}

bool ms_address_looks_like_one(struct ms_str text)
{
  return looks_like_ipv4(text) || looks_like_ipv6(text);
}

static bool parse_ipv4(struct ms_address *out, struct ms_str text)
{
  unsigned value = 0;
  size_t part = 0;
  if (text.len > IPV4_TEXT_MAX) {
    return false;
  }
  for (size_t i = 0; i <= text.len; i++) {
    if (i == text.len || text.data[i] == '.') {
      if (value > 255) {
        return false;
      }
      out->bytes[part++] = (uint8_t)value;
      value = 0;
    } else {
      value = value * 10 + (unsigned)(text.data[i] - '0');
    }
  }
  out->size = 4;
  return true;
}

static unsigned hex_value(char c)
{
  return is_digit(c) ? (unsigned)(c - '0') : (unsigned)(ms_ascii_lower(c) - 'a' + 10);
}

/* The groups into words; *gap is the word before which `::` stands, or 8. Number of words, -1: wrong. */
static int read_groups(uint16_t words[8], int *gap, struct ms_str text)
{
  int count = 0;
  size_t at = 0;
  *gap = 8;
  if (text.len >= 2 && text.data[0] == ':') {
    if (text.data[1] != ':') {
      return -1;
    }
    *gap = 0;
    at = 2;
  }
  while (at < text.len) {
    unsigned value = 0;
    size_t digits = 0;
    while (at < text.len && text.data[at] != ':') {
      value = value * 16 + hex_value(text.data[at++]);
      if (++digits > 4) {
        return -1;
      }
    }
    if (digits == 0 || count == 8) {
      return -1;
    }
    words[count++] = (uint16_t)value;
    if (at == text.len) {
      break;
    }
    at++;
    if (at == text.len) {
      return -1; /* a single colon at the end */
    }
    if (text.data[at] == ':') {
      if (*gap != 8) {
        return -1;
      }
      *gap = count;
      at++;
    }
  }
  return count;
}

static bool parse_ipv6(struct ms_address *out, struct ms_str text)
{
  static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
  uint16_t words[8];
  int gap;
  int count = text.len < 2 ? -1 : read_groups(words, &gap, text);
  if (count < 0 || (gap == 8 && count != 8) || (gap != 8 && count == 8)) {
    return false;
  }
  memset(out->bytes, 0, sizeof out->bytes);
  for (int i = 0; i < count; i++) {
    int at = i < gap ? i : 8 - count + i;
    out->bytes[2 * at] = (uint8_t)(words[i] >> 8);
    out->bytes[2 * at + 1] = (uint8_t)words[i];
  }
  out->size = 16;
  if (memcmp(out->bytes, mapped, sizeof mapped) == 0) {
    memmove(out->bytes, out->bytes + sizeof mapped, 4);
    out->size = 4;
  }
  return true;
}

bool ms_address_parse(struct ms_address *out, struct ms_str text)
{
  if (looks_like_ipv4(text)) {
    return parse_ipv4(out, text);
  }
  return looks_like_ipv6(text) && parse_ipv6(out, text);
}

struct ms_address ms_address_last(struct ms_address first, unsigned bits)
{
  for (unsigned i = 0; i < first.size; i++) {
    unsigned fixed = bits > 8 * i ? bits - 8 * i : 0; /* of this byte */
    if (fixed < 8) {
      first.bytes[i] |= (uint8_t)(0xFF >> fixed);
    }
  }
  return first;
}

bool ms_match_address(const struct ms_matcher *m, struct ms_json value)
{
  struct ms_address address;
  if (!ms_json_is_string(value) || !ms_address_parse(&address, ms_json_text(value)) ||
      address.size != m->addresses[0].size) {
    return false;
  }
  return memcmp(address.bytes, m->addresses[0].bytes, address.size) >= 0 &&
         memcmp(address.bytes, m->addresses[1].bytes, address.size) <= 0;
}
