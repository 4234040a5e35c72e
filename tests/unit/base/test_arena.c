/* Arenas: alignment, maximum, marks. */
#include "mt.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

MT_TEST(base_arena__blocks_are_aligned_and_apart)
{
  struct ms_arena *arena = ms_arena_new(0);
  char *blocks[500];
  for (size_t i = 0; i < 500; i++) {
    blocks[i] = ms_arena_alloc(arena, i);
    mt_ok(blocks[i] != NULL);
    mt_eq_int((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
    memset(blocks[i], (int)(i & 127), i);
  }
  for (size_t i = 0; i < 500; i++) {
    for (size_t k = 0; k < i; k++) {
      mt_ok(blocks[i][k] == (char)(i & 127));
    }
  }
  ms_arena_free(arena);
  ms_arena_free(NULL);
}

MT_TEST(base_arena__strings_and_zeroed_memory)
{
  struct ms_arena *arena = ms_arena_new(0);
  struct ms_str a = ms_arena_str(arena, MS_STR("a\0b"));
  struct ms_str b = ms_arena_str(arena, (struct ms_str){NULL, 0});
  mt_ok(a.len == 3 && memcmp(a.data, "a\0b", 4) == 0);
  mt_eq_str(b.data, "");
  unsigned char *zeros = ms_arena_calloc(arena, 10, 10);
  for (int i = 0; i < 100; i++) {
    mt_eq_int(zeros[i], 0);
  }
  mt_ok(ms_arena_calloc(arena, SIZE_MAX / 2, 3) == NULL);
  mt_ok(ms_arena_alloc(arena, SIZE_MAX) == NULL);
  mt_ok(ms_arena_alloc(arena, SIZE_MAX - 64) == NULL);
  mt_ok(ms_arena_str(arena, (struct ms_str){"x", SIZE_MAX}).data == NULL);
  ms_arena_free(arena);
}

MT_TEST(base_arena__maximum)
{
  struct ms_arena *arena = ms_arena_new(10000);
  mt_ok(ms_arena_alloc(arena, 9984) != NULL);
  mt_eq_int(ms_arena_used_bytes(arena), 9984);
  mt_ok(ms_arena_alloc(arena, 17) == NULL);
  mt_ok(ms_arena_alloc(arena, 16) != NULL);
  mt_ok(ms_arena_alloc(arena, 1) == NULL);
  ms_arena_reset(arena);
  mt_eq_int(ms_arena_used_bytes(arena), 0);
  mt_ok(ms_arena_alloc(arena, 10000) != NULL);
  ms_arena_free(arena);
  arena = ms_arena_new(100); /* less than the first block */
  mt_ok(ms_arena_alloc(arena, 101) == NULL);
  mt_ok(ms_arena_alloc(arena, 100) != NULL);
  mt_ok(ms_arena_alloc(arena, 1) == NULL);
  ms_arena_free(arena);
}

MT_TEST(base_arena__rewind_goes_back_over_blocks)
{
  struct ms_arena *arena = ms_arena_new(0);
  char *kept = ms_arena_alloc(arena, 100);
  memset(kept, 'k', 100);
  size_t used = ms_arena_used_bytes(arena);
  struct ms_arena_mark mark = ms_arena_mark(arena);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < 200; i++) {
      memset(ms_arena_alloc(arena, 1000), 'x', 1000);
    }
    mt_ok(ms_arena_used_bytes(arena) > used + 199 * 1000);
    ms_arena_rewind(arena, mark);
    mt_eq_int(ms_arena_used_bytes(arena), used);
  }
  for (int i = 0; i < 100; i++) {
    mt_eq_int(kept[i], 'k');
  }
  ms_arena_free(arena);
}

MT_TEST(base_arena__a_loop_of_marks_allocates_once)
{
  struct ms_arena *arena = ms_arena_new(0);
  ms_arena_alloc(arena, 2000); /* nearly all of the first block */
  struct ms_arena_mark mark = ms_arena_mark(arena);
  char *first = ms_arena_alloc(arena, 3000);
  ms_arena_rewind(arena, mark);
  for (int i = 0; i < 100; i++) {
    mt_ok(ms_arena_alloc(arena, 3000) == first); /* the spare block, again and again */
    ms_arena_rewind(arena, mark);
  }
  ms_arena_free(arena);
}

MT_TEST(base_arena__nested_marks)
{
  struct ms_arena *arena = ms_arena_new(0);
  struct ms_arena_mark outer = ms_arena_mark(arena);
  ms_arena_alloc(arena, 5000);
  struct ms_arena_mark inner = ms_arena_mark(arena);
  size_t used = ms_arena_used_bytes(arena);
  ms_arena_alloc(arena, 50000);
  ms_arena_rewind(arena, inner);
  mt_eq_int(ms_arena_used_bytes(arena), used);
  ms_arena_alloc(arena, 500000);
  ms_arena_rewind(arena, outer);
  mt_eq_int(ms_arena_used_bytes(arena), 0);
  ms_arena_free(arena);
}

static int use_arena(void *user)
{
  (void)user;
  struct ms_arena *arena = ms_arena_new(0);
  int err = arena == NULL ? MSTEP_ENOMEM : 0;
  for (int i = 0; i < 50 && err == 0; i++) {
    err = ms_arena_alloc(arena, 1500) == NULL ? MSTEP_ENOMEM : 0;
  }
  ms_arena_free(arena);
  return err;
}

MT_TEST(base_arena__out_of_memory)
{
  mt_oom(use_arena, NULL);
}
