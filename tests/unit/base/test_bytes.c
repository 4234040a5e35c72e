/* Numbers and strings in bytes: both ways, and what is not there. */
#include "base/bytes.h"

#include "base/error.h"
#include "mt.h"

static const uint64_t numbers[] = {0,         1,          0x7f,       0x80,
                                   0x3fff,    0x4000,     UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                                   INT64_MAX, UINT64_MAX, 1ull << 62, (1ull << 63) + 5};
static const int64_t signs[] = {0,   1,         -1,        63,        -64,      64,
                                -65, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ms_bytes_reader reader_of(struct ms_str bytes)
{
  struct ms_bytes_reader reader;
  ms_bytes_reader_init(&reader, bytes);
  return reader;
}

static void put_all(struct ms_buf *out)
{
  for (size_t i = 0; i < COUNT(numbers); i++)
    ms_bytes_put_number(out, numbers[i]);
  for (size_t i = 0; i < COUNT(signs); i++)
    ms_bytes_put_signed(out, signs[i]);
  ms_bytes_put_fixed32(out, 0x01020304);
  ms_bytes_put_fixed64(out, 0x0102030405060708);
  ms_bytes_put_text(out, (struct ms_str){"a\0b", 3});
  ms_bytes_put_text(out, (struct ms_str){NULL, 0});
  ms_buf_char(out, '\xff');
}

MT_TEST(bytes__what_is_put_is_read)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  put_all(&out);
  struct ms_bytes_reader reader = reader_of(ms_buf_view(&out));
  for (size_t i = 0; i < COUNT(numbers); i++)
    mt_ok(ms_bytes_number(&reader) == numbers[i]);
  for (size_t i = 0; i < COUNT(signs); i++)
    mt_ok(ms_bytes_signed(&reader) == signs[i]);
  mt_eq_int(ms_bytes_fixed32(&reader), 0x01020304);
  mt_eq_int((long long)ms_bytes_fixed64(&reader), 0x0102030405060708);
  struct ms_str text = ms_bytes_text(&reader);
  mt_eq_int((long long)text.len, 3);
  mt_ok(memcmp(text.data, "a\0b", 3) == 0);
  mt_eq_int((long long)ms_bytes_text(&reader).len, 0);
  mt_ok(!ms_bytes_is_end(&reader));
  mt_eq_int(ms_bytes_byte(&reader), 0xff);
  mt_ok(ms_bytes_is_end(&reader));
  mt_eq_int(reader.error, 0);
  ms_buf_deinit(&out);
}

MT_TEST(bytes__the_form_is_fixed)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  ms_bytes_put_number(&out, 300);
  ms_bytes_put_signed(&out, -2);
  ms_bytes_put_fixed32(&out, 0x01020304);
  ms_bytes_put_text(&out, MS_STR("ab"));
  mt_eq_mem(out.data, out.len,
            "\xac\x02\x03\x04\x03\x02\x01\x02"
            "ab");
  ms_buf_deinit(&out);
}

MT_TEST(bytes__every_cut_is_seen)
{
  struct ms_buf out;
  ms_buf_init(&out, 0);
  put_all(&out);
  for (size_t len = 0; len < out.len; len++) {
    struct ms_bytes_reader reader = reader_of((struct ms_str){out.data, len});
    for (size_t i = 0; i < COUNT(numbers); i++)
      ms_bytes_number(&reader);
    for (size_t i = 0; i < COUNT(signs); i++)
      ms_bytes_signed(&reader);
    ms_bytes_fixed32(&reader);
    ms_bytes_fixed64(&reader);
    ms_bytes_text(&reader);
    ms_bytes_text(&reader);
    ms_bytes_byte(&reader);
    mt_eq_int(reader.error, MSTEP_EIO);
    mt_ok(ms_bytes_is_end(&reader));
  }
  ms_buf_deinit(&out);
}

MT_TEST(bytes__after_an_error_everything_is_zero)
{
  struct ms_bytes_reader reader = reader_of(MS_STR("\x05"
                                                   "abc\x07"));
  mt_eq_int((long long)ms_bytes_text(&reader).len, 0);
  mt_eq_int(reader.error, MSTEP_EIO);
  mt_eq_int((long long)ms_bytes_number(&reader), 0);
  mt_eq_int(ms_bytes_byte(&reader), 0);
  mt_eq_int((long long)ms_bytes_fixed64(&reader), 0);
  mt_eq_int((long long)ms_bytes_signed(&reader), 0);
  mt_eq_int((long long)ms_bytes_text(&reader).len, 0);
}

MT_TEST(bytes__numbers_that_are_too_large)
{
  struct ms_bytes_reader reader = reader_of(MS_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
  mt_eq_int((long long)ms_bytes_number(&reader), 0);
  mt_eq_int(reader.error, MSTEP_EIO);
  reader = reader_of(MS_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  mt_eq_int((long long)ms_bytes_number(&reader), 0);
  mt_eq_int(reader.error, MSTEP_EIO);
  reader = reader_of(MS_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  mt_ok(ms_bytes_number(&reader) == UINT64_MAX);
  mt_eq_int(reader.error, 0);
  reader = reader_of(MS_STR("\xff\xff\xff\xff\x0f"));
  mt_ok(ms_bytes_number32(&reader) == UINT32_MAX);
  mt_eq_int(reader.error, 0);
  reader = reader_of(MS_STR("\xff\xff\xff\xff\x1f"));
  mt_eq_int(ms_bytes_number32(&reader), 0);
  mt_eq_int(reader.error, MSTEP_EIO);
  /* A length that would wrap around. */
  reader = reader_of(MS_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01 "));
  mt_eq_int((long long)ms_bytes_text(&reader).len, 0);
  mt_eq_int(reader.error, MSTEP_EIO);
}

MT_TEST(bytes__the_first_failure_stays)
{
  struct ms_bytes_reader reader = reader_of(MS_STR("abc"));
  ms_bytes_byte(&reader);
  mt_eq_int(ms_bytes_fail(&reader, "no such thing"), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "no such thing at byte 1 of 3");
  mt_eq_int(ms_bytes_fail(&reader, "another"), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "no such thing at byte 1 of 3");
  mt_ok(ms_bytes_is_end(&reader));
}

static int write_all(void *user)
{
  (void)user;
  struct ms_buf out;
  ms_buf_init(&out, 0);
  put_all(&out);
  int status = out.error;
  ms_buf_deinit(&out);
  return status;
}

MT_TEST(bytes__out_of_memory_is_sticky)
{
  mt_ok(mt_oom(write_all, NULL) > 0);
}
