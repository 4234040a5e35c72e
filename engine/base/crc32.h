/* The checksum of IEEE 802.3, as HTTP headers of AWS's have it. */
#ifndef MS_BASE_CRC32_H
#define MS_BASE_CRC32_H

#include <stdint.h>

#include "base/str.h"

uint32_t ms_crc32(struct ms_str data);

#endif
