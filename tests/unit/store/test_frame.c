/* Frames: whole ones come back, no other does. */
#include "base/error.h"
#include "mt.h"
#include "store/frame.h"

MT_TEST(store_frame__comes_back)
{
  static const struct ms_str records[] = {
      {"", 0}, {"a\0b", 3}, {"0123456789012345678901234567890", 31}};
  for (size_t i = 0; i < 3; i++) {
    struct ms_buf buf;
    struct ms_str out;
    ms_buf_init(&buf, 0);
    ms_frame_write(&buf, 77, records[i]);
    mt_eq_int(buf.error, 0);
    mt_eq_int(buf.len, MS_FRAME_HEADER_SIZE + records[i].len);
    mt_eq_int(ms_frame_read(&out, ms_buf_view(&buf), 77), 0);
    mt_ok(ms_str_eq(out, records[i]));
    ms_buf_deinit(&buf);
  }
}

/* The bytes are on disks: they stay what they are. */
MT_TEST(store_frame__has_the_form_that_is_written_down)
{
  static const unsigned char expected[] = {'M',  'S',  'J',  1,    3,   0,   0,  0,
                                           5,    0,    0,    0,    0,   0,   0,  0x80,
                                           0x12, 0x71, 0x2e, 0xa1, 'a', 'b', 'c'};
  struct ms_buf buf;
  ms_buf_init(&buf, 0);
  ms_frame_write(&buf, 0x8000000000000005u, MS_STR("abc"));
  mt_eq_int(buf.len, sizeof expected);
  for (size_t i = 0; i < buf.len; i++) {
    mt_eq_int((unsigned char)buf.data[i], expected[i]);
  }
  ms_buf_deinit(&buf);
}

MT_TEST(store_frame__every_flipped_bit_is_noticed)
{
  struct ms_buf buf;
  struct ms_str out;
  ms_buf_init(&buf, 0);
  ms_frame_write(&buf, 300, MS_STR("{\"state\":\"A\",\"n\":1}"));
  for (size_t bit = 0; bit < buf.len * 8; bit++) {
    buf.data[bit / 8] = (char)(buf.data[bit / 8] ^ 1 << bit % 8);
    int err = ms_frame_read(&out, ms_buf_view(&buf), 300);
    mt_ok(err == MSTEP_EIO || err == MSTEP_EUNSUPPORTED);
    buf.data[bit / 8] = (char)(buf.data[bit / 8] ^ 1 << bit % 8);
  }
  mt_eq_int(ms_frame_read(&out, ms_buf_view(&buf), 300), 0);
  ms_buf_deinit(&buf);
}

MT_TEST(store_frame__torn_and_misplaced_ones_are_noticed)
{
  struct ms_buf buf;
  struct ms_str out;
  ms_buf_init(&buf, 0);
  ms_frame_write(&buf, 9, MS_STR("0123456789"));
  for (size_t len = 0; len < buf.len; len++) {
    mt_eq_int(ms_frame_read(&out, (struct ms_str){buf.data, len}, 9), MSTEP_EIO);
  }
  mt_eq_int(ms_frame_read(&out, ms_buf_view(&buf), 10), MSTEP_EIO);
  mt_eq_str(ms_error_detail(), "frame 9 stands where 10 should be");
  ms_buf_char(&buf, 'x');
  mt_eq_int(ms_frame_read(&out, ms_buf_view(&buf), 9), MSTEP_EIO);
  ms_buf_deinit(&buf);
}

MT_TEST(store_frame__of_a_newer_version_is_refused)
{
  struct ms_str out;
  struct ms_str frame = MS_STR("MSJ\x02 whatever comes then 1234");
  mt_eq_int(ms_frame_read(&out, frame, 1), MSTEP_EUNSUPPORTED);
}
