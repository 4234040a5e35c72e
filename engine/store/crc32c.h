/* CRC-32C (Castagnoli) of bytes, by which the store knows that what it reads is what was written. */
#ifndef MS_STORE_CRC32C_H
#define MS_STORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`, which is 0 at the start. `data` may be NULL when len is 0. */
uint32_t ms_crc32c(uint32_t crc, const void *data, size_t len);
/* The same without special instructions. */
uint32_t ms_crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
