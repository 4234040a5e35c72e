/*
 * The signatures of the last minutes, in a table of fixed size: sets of eight, found by the first digits
 * of the signature. Only signatures that were right come here, so nobody without a key can fill it, and
 * their digits are as good as a hash.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "http/sigv4.h"

#define WAYS 8
#define KEY_SIZE 16 /* of 32: enough that no two meet */

struct seen {
  unsigned char key[KEY_SIZE];
  int64_t first_at_ms;
  int64_t until_ms; /* 0: free */
};

struct ms_http_replays {
  struct seen *entries;
  unsigned set_count; /* a power of two */
  int64_t grace_ms;
};

int ms_http_replays_new(struct ms_http_replays **out, unsigned entry_count, int64_t grace_ms)
{
  *out = NULL;
  struct ms_http_replays *replays = ms_calloc(1, sizeof *replays);
  if (replays == NULL) {
    return ms_error_nomem();
  }
  replays->grace_ms = grace_ms;
  replays->set_count = 1;
  while (replays->set_count < entry_count / WAYS && replays->set_count < 1u << 20) {
    replays->set_count *= 2;
  }
  replays->entries = ms_calloc((size_t)replays->set_count * WAYS, sizeof *replays->entries);
  if (replays->entries == NULL) {
    ms_free(replays);
    return ms_error_nomem();
  }
  *out = replays;
  return MSTEP_OK;
}

void ms_http_replays_free(struct ms_http_replays *replays)
{
  if (replays != NULL) {
    ms_free(replays->entries);
    ms_free(replays);
  }
}

static unsigned digit(char c)
{
  return c <= '9' ? (unsigned)(c - '0') & 15 : (unsigned)(ms_ascii_lower(c) - 'a' + 10) & 15;
}

bool ms_http_replays_note(struct ms_http_replays *replays, struct ms_str signature, int64_t now_ms,
                          int64_t until_ms)
{
  unsigned char key[KEY_SIZE] = {0};
  for (size_t i = 0; i < KEY_SIZE && 2 * i + 1 < signature.len; i++) {
    key[i] = (unsigned char)(digit(signature.data[2 * i]) * 16 + digit(signature.data[2 * i + 1]));
  }
  unsigned set =
      (key[0] | (unsigned)key[1] << 8 | (unsigned)key[2] << 16) & (replays->set_count - 1);
  struct seen *entries = &replays->entries[(size_t)set * WAYS];
  struct seen *place = entries;
  for (unsigned i = 0; i < WAYS; i++) {
    struct seen *entry = &entries[i];
    if (entry->until_ms != 0 && memcmp(entry->key, key, KEY_SIZE) == 0) {
      return now_ms - entry->first_at_ms > replays->grace_ms;
    }
    if (entry->until_ms < place->until_ms) {
      place = entry;
    }
  }
  memcpy(place->key, key, KEY_SIZE);
  place->first_at_ms = now_ms;
  place->until_ms = until_ms > 0 ? until_ms : 1;
  return false;
}
