/* Frames: see frame.h for the form. */
#include "store/frame.h"

#include <assert.h>
#include <inttypes.h>

#include "base/error.h"
#include "store/crc32c.h"

#define FRAME_VERSION 1

static void put_number(unsigned char *out, uint64_t value, unsigned bytes)
{
  for (unsigned i = 0; i < bytes; i++) {
    out[i] = (unsigned char)(value >> (8 * i));
  }
}

static uint64_t get_number(const unsigned char *in, unsigned bytes)
{
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; i++) {
    value |= (uint64_t)in[i] << (8 * i);
  }
  return value;
}

void ms_frame_write(struct ms_buf *out, uint64_t lsn, struct ms_str records)
{
  unsigned char header[MS_FRAME_HEADER_SIZE] = {'M', 'S', 'J', FRAME_VERSION};
  if (records.len > UINT32_MAX) {
    out->error = out->error != 0 ? out->error : MSTEP_ETOOBIG;
    return;
  }
  put_number(header + 4, records.len, 4);
  put_number(header + 8, lsn, 8);
  put_number(header + 16, ms_crc32c(ms_crc32c(0, header, 16), records.data, records.len), 4);
  ms_buf_put(out, header, sizeof header);
  ms_buf_str(out, records);
}

int ms_frame_read(struct ms_str *records, struct ms_str frame, uint64_t lsn)
{
  const unsigned char *header = (const unsigned char *)frame.data;
  if (frame.len < MS_FRAME_HEADER_SIZE) {
    return ms_error(MSTEP_EIO, "frame %" PRIu64 " is torn: %zu bytes", lsn, frame.len);
  }
  if (memcmp(header, "MSJ", 3) != 0) {
    return ms_error(MSTEP_EIO, "frame %" PRIu64 " is damaged: no frame begins here", lsn);
  }
  if (header[3] > FRAME_VERSION) {
    return ms_error(MSTEP_EUNSUPPORTED, "frame %" PRIu64 " is of version %u; this is %u", lsn,
                    header[3], FRAME_VERSION);
  }
  struct ms_str body = ms_str_sub(frame, MS_FRAME_HEADER_SIZE, frame.len);
  uint64_t len = get_number(header + 4, 4);
  if (len != body.len) {
    return ms_error(MSTEP_EIO, "frame %" PRIu64 " is torn: %zu bytes of %" PRIu64, lsn, body.len,
                    len);
  }
  uint32_t sum = ms_crc32c(ms_crc32c(0, header, 16), body.data, body.len);
  if (sum != get_number(header + 16, 4)) {
    return ms_error(MSTEP_EIO, "frame %" PRIu64 " is damaged: its checksum differs", lsn);
  }
  if (get_number(header + 8, 8) != lsn) {
    return ms_error(MSTEP_EIO, "frame %" PRIu64 " stands where %" PRIu64 " should be",
                    get_number(header + 8, 8), lsn);
  }
  *records = body;
  return 0;
}
