/* The growing buffer: content, maximum, sticky failure, hand-over. */
#include "mt.h"

#include <limits.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"

MT_TEST(base_buf__collects_pieces)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_buf_put(&buf, "a\0b", 3);
  ms_buf_char(&buf, ' ');
  ms_buf_cstr(&buf, "text");
  ms_buf_str(&buf, MS_STR(" of "));
  ms_buf_int(&buf, -42);
  ms_buf_printf(&buf, " %s=%d", "n", 7);
  ms_buf_str(&buf, (struct ms_str){NULL, 0});
  mt_eq_int(buf.error, 0);
  mt_ok(memcmp(buf.data, "a\0b text of -42 n=7", buf.len + 1) == 0);
  mt_eq_int(buf.len, sizeof "a\0b text of -42 n=7" - 1);
  ms_buf_reset(&buf);
  mt_eq_int(buf.len, 0);
  mt_eq_str(buf.data, "");
  ms_buf_deinit(&buf);
  mt_ok(buf.data == NULL);
}

static void check_int(int64_t value, const char *expected)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_buf_int(&buf, value);
  mt_eq_str(buf.data, expected);
  ms_buf_deinit(&buf);
}

MT_TEST(base_buf__integers)
{
  check_int(0, "0");
  check_int(9, "9");
  check_int(10, "10");
  check_int(-1, "-1");
  check_int(INT64_MAX, "9223372036854775807");
  check_int(INT64_MIN, "-9223372036854775808");
}

MT_TEST(base_buf__maximum_is_exact)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 5);
  ms_buf_cstr(&buf, "12345");
  mt_eq_int(buf.error, 0);
  mt_eq_str(buf.data, "12345");
  ms_buf_char(&buf, '6');
  mt_eq_int(buf.error, MSTEP_ETOOBIG);
  mt_eq_str(buf.data, "12345");
  ms_buf_reset(&buf);
  ms_buf_cstr(&buf, "123");
  ms_buf_cstr(&buf, "456");
  mt_eq_int(buf.error, MSTEP_ETOOBIG);
  mt_eq_str(buf.data, "123");
  ms_buf_cstr(&buf, ""); /* failure is sticky even where it would fit */
  ms_buf_cstr(&buf, "4");
  mt_eq_str(buf.data, "123");
  mt_ok(ms_buf_reserve(&buf, 0) == NULL);
  mt_ok(ms_buf_take(&buf, NULL) == NULL);
  mt_ok(buf.data == NULL);
}

MT_TEST(base_buf__printf_keeps_the_maximum)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 10);
  ms_buf_printf(&buf, "%s", "0123456789");
  mt_eq_int(buf.error, 0);
  ms_buf_reset(&buf);
  ms_buf_cstr(&buf, "abc");
  ms_buf_printf(&buf, "%s", "01234567");
  mt_eq_int(buf.error, MSTEP_ETOOBIG);
  mt_eq_str(buf.data, "abc");
  ms_buf_deinit(&buf);
}

MT_TEST(base_buf__printf_longer_than_the_room)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_buf_printf(&buf, "%0500d", 1);
  ms_buf_printf(&buf, "%s", "");
  mt_eq_int(buf.len, 500);
  mt_eq_int(buf.data[499], '1');
  mt_eq_int(buf.data[500], '\0');
  ms_buf_deinit(&buf);
}

MT_TEST(base_buf__reserve_then_added)
{
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  for (int i = 0; i < 1000; i++) {
    char *to = ms_buf_reserve(&buf, 3);
    mt_ok(to != NULL);
    to[0] = 'a';
    to[1] = 'b';
    to[2] = '?';
    ms_buf_added(&buf, 2);
  }
  mt_eq_int(buf.len, 2000);
  mt_eq_int(buf.data[1999], 'b');
  mt_eq_int(buf.data[2000], '\0');
  ms_buf_deinit(&buf);
}

MT_TEST(base_buf__sizes_that_overflow_are_too_big)
{
  struct ms_buf buf;
  ms_buf_init(&buf, SIZE_MAX);
  ms_buf_char(&buf, 'x');
  mt_ok(ms_buf_reserve(&buf, SIZE_MAX) == NULL);
  mt_eq_int(buf.error, MSTEP_ETOOBIG);
  ms_buf_reset(&buf);
  mt_ok(ms_buf_reserve(&buf, SIZE_MAX - 1) == NULL);
  mt_eq_int(buf.error, MSTEP_ETOOBIG);
  ms_buf_deinit(&buf);
}

MT_TEST(base_buf__take_hands_over)
{
  struct ms_buf buf;
  size_t len = 99;
  ms_buf_init(&buf, 0);
  char *empty = ms_buf_take(&buf, &len);
  mt_eq_str(empty, "");
  mt_eq_int(len, 0);
  ms_buf_cstr(&buf, "kept");
  char *text = ms_buf_take(&buf, &len);
  mt_eq_str(text, "kept");
  mt_eq_int(len, 4);
  mt_ok(buf.data == NULL && buf.len == 0);
  ms_free(empty);
  ms_free(text);
}

static int fill(void *user)
{
  (void)user;
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  for (int i = 0; i < 100; i++) {
    ms_buf_printf(&buf, "%d,", i);
    ms_buf_cstr(&buf, "some text");
  }
  int err = buf.error;
  char *data = ms_buf_take(&buf, NULL);
  mt_ok((data == NULL) == (err != 0));
  ms_free(data);
  return err;
}

MT_TEST(base_buf__out_of_memory)
{
  mt_oom(fill, NULL);
}
