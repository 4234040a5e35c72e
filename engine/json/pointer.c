/*
 * JSON Pointer, RFC 6901: `~0` is `~`, `~1` is `/`. An array index is decimal without leading zeros;
 * `-` (behind the last item) names nothing that can be read.
 */
#include "json/json.h"

#include "json/internal.h"

bool ms_json_pointer_token_is(struct ms_str token, struct ms_str name)
{
  size_t at = 0;
  for (size_t i = 0; i < token.len; i++) {
    char c = token.data[i];
    if (c == '~' && i + 1 < token.len && (token.data[i + 1] == '0' || token.data[i + 1] == '1')) {
      c = token.data[++i] == '0' ? '~' : '/';
    }
    if (at == name.len || name.data[at++] != c) {
      return false;
    }
  }
  return at == name.len;
}

size_t ms_json_pointer_index(struct ms_str token)
{
  if (token.len == 0 || token.len > 10 || (token.len > 1 && token.data[0] == '0')) {
    return SIZE_MAX;
  }
  uint64_t index = 0;
  for (size_t i = 0; i < token.len; i++) {
    if (token.data[i] < '0' || token.data[i] > '9') {
      return SIZE_MAX;
    }
    index = index * 10 + (uint64_t)(token.data[i] - '0');
  }
  return index > UINT32_MAX ? SIZE_MAX : (size_t)index;
}

static struct ms_json find_member(struct ms_json object, struct ms_str token)
{
  if (ms_str_find(token, 0, '~') == token.len) {
    return ms_json_get(object, token);
  }
  for (uint32_t i = 0; i < object.u.object->count; i++) {
    if (ms_json_pointer_token_is(token, ms_json_string_view(object.u.object->members[i].key))) {
      return object.u.object->members[i].value;
    }
  }
  return MS_JSON_VALUE_NONE;
}

struct ms_json ms_json_pointer(struct ms_json root, struct ms_str pointer)
{
  struct ms_json value = root;
  size_t at = 0;
  while (at < pointer.len) {
    if (pointer.data[at] != '/') {
      return MS_JSON_VALUE_NONE;
    }
    size_t end = ms_str_find(pointer, at + 1, '/');
    struct ms_str token = ms_str_sub(pointer, at + 1, end);
    if (value.type == MS_JSON_OBJECT) {
      value = find_member(value, token);
    } else {
      value = ms_json_at(value, ms_json_pointer_index(token));
    }
    if (value.type == MS_JSON_NONE) {
      return value;
    }
    at = end;
  }
  return value;
}

void ms_json_pointer_push(struct ms_buf *pointer, struct ms_str key)
{
  ms_buf_char(pointer, '/');
  size_t from = 0;
  for (size_t i = 0; i < key.len; i++) {
    if (key.data[i] == '~' || key.data[i] == '/') {
      ms_buf_put(pointer, key.data + from, i - from);
      ms_buf_put(pointer, key.data[i] == '~' ? "~0" : "~1", 2);
      from = i + 1;
    }
  }
  if (from < key.len) {
    ms_buf_put(pointer, key.data + from, key.len - from);
  }
}

void ms_json_pointer_push_index(struct ms_buf *pointer, size_t index)
{
  ms_buf_char(pointer, '/');
  ms_buf_int(pointer, (int64_t)index);
}
