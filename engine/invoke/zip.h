/*
 * Zip archives as functions are uploaded in them, and given back. Of those that are read only what Lua can load (*.lua) is unpacked;
 * everything else is looked at as far as names and sizes go.
 */
#ifndef MS_INVOKE_ZIP_H
#define MS_INVOKE_ZIP_H

#include "luavm/luavm.h"

#define MS_ZIP_BYTES_MAX ((size_t)52428800)      /* of an archive that comes with a request */
#define MS_ZIP_UNPACKED_MAX ((uint64_t)262144000) /* of all that is in it */
#define MS_ZIP_ENTRIES_MAX 16384u
#define MS_ZIP_TEXT_MAX ((size_t)64 << 20) /* of Lua's files together */
#define MS_ZIP_FILES_MAX 1024u /* of Lua's */

struct ms_zip {
  struct ms_lua_file *files; /* in the archive's order; path and text point into memory */
  size_t count;
  struct ms_str bytes;
  char *memory;
};

/*
 * bytes are borrowed until close. MSTEP_EINVALID: not an archive, damaged, or one that is not read (encrypted, in
 * parts, above 4 GB, other methods than stored and deflated), or a name in it leads elsewhere; MSTEP_ETOOBIG: past
 * one of the limits. The detail says what.
 */
int ms_zip_open(struct ms_zip *out, struct ms_str bytes);
void ms_zip_close(struct ms_zip *zip); /* of a zeroed one too */

/* Appends an archive of an array of {"path", "text"}. MSTEP_ENOMEM, MSTEP_ETOOBIG. */
int ms_zip_write(struct ms_buf *out, struct ms_json files);

#endif
