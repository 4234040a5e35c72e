/*
 * A frame: the bytes of one commit with what is needed to know that they are whole. All numbers are
 * little-endian.
 *
 *    0  4  magic "MSJ" and the version of the frame, the byte 1
 *    4  4  length of the records
 *    8  8  lsn: number of the commit, so that a frame in another's place is noticed
 *   16  4  CRC-32C of the 16 bytes before and of the records
 *   20  .  the records, of which the store knows nothing
 */
#ifndef MS_STORE_FRAME_H
#define MS_STORE_FRAME_H

#include <stdint.h>

#include "base/buf.h"

#define MS_FRAME_HEADER_SIZE 20

/* Appends the frame. Failure is the buffer's; more than 4 GB are MSTEP_ETOOBIG. */
void ms_frame_write(struct ms_buf *out, uint64_t lsn, struct ms_str records);
/*
 * The records within the frame, borrowed from it. MSTEP_EIO with a detail when it is torn, damaged or
 * not number `lsn`; MSTEP_EUNSUPPORTED when a newer version wrote it.
 */
int ms_frame_read(struct ms_str *records, struct ms_str frame, uint64_t lsn);

#endif
