/*
 * A zip archive of files in Lua, for code that did not come as one: all stored, none compressed, and the same
 * bytes for the same files, so that its hash is that of the code.
 */
#include "base/crc32.h"
#include "base/error.h"
#include "invoke/zip.h"

#define VERSION_NEEDED 20
#define VERSION_MADE ((3u << 8) | VERSION_NEEDED) /* Unix */
#define DAY_ONE 0x21u                             /* 1980-01-01, the first that there is */
#define IS_UTF8 0x800u                         /* of names */
#define ATTRIBUTES (0100644u << 16)

static void put16(struct ms_buf *out, uint32_t value)
{
  ms_buf_char(out, (char)(value & 0xff));
  ms_buf_char(out, (char)(value >> 8 & 0xff));
}

static void put32(struct ms_buf *out, uint32_t value)
{
  put16(out, value & 0xffff);
  put16(out, value >> 16);
}

/* What an entry's own header and that of the directory have in common. */
static void put_entry(struct ms_buf *out, struct ms_str path, struct ms_str text)
{
  put16(out, VERSION_NEEDED);
  put16(out, IS_UTF8);
  put16(out, 0); /* stored */
  put16(out, 0); /* midnight */
  put16(out, DAY_ONE);
  put32(out, ms_crc32(text));
  put32(out, (uint32_t)text.len);
  put32(out, (uint32_t)text.len);
  put16(out, (uint32_t)path.len);
  put16(out, 0); /* nothing extra */
}

static void put_directory_entry(struct ms_buf *out, struct ms_str path, struct ms_str text,
                                size_t offset)
{
  ms_buf_str(out, MS_STR("PK\001\002"));
  put16(out, VERSION_MADE);
  put_entry(out, path, text);
  put16(out, 0); /* no comment */
  put16(out, 0); /* disk */
  put16(out, 0); /* internal attributes */
  put32(out, ATTRIBUTES);
  put32(out, (uint32_t)offset);
  ms_buf_str(out, path);
}

static struct ms_str member(struct ms_json files, size_t i, const char *name)
{
  return ms_json_text(ms_json_getc(ms_json_at(files, i), name));
}

int ms_zip_write(struct ms_buf *out, struct ms_json files)
{
  struct ms_buf directory;
  size_t start = out->len, count = ms_json_count(files);
  ms_buf_init(&directory, 0);
  for (size_t i = 0; i < count; i++) {
    struct ms_str path = member(files, i, "path"), text = member(files, i, "text");
    if (path.len > UINT16_MAX || text.len > MS_ZIP_TEXT_MAX || count > MS_ZIP_ENTRIES_MAX ||
        out->len - start > UINT32_MAX - MS_ZIP_TEXT_MAX) {
      ms_buf_deinit(&directory);
      return ms_error(MSTEP_ETOOBIG, "the files are too many or too large for an archive");
    }
    put_directory_entry(&directory, path, text, out->len - start);
    ms_buf_str(out, MS_STR("PK\003\004"));
    put_entry(out, path, text);
    ms_buf_str(out, path);
    ms_buf_str(out, text);
  }
  size_t at = out->len - start;
  ms_buf_str(out, ms_buf_view(&directory));
  ms_buf_str(out, MS_STR("PK\005\006"));
  put32(out, 0); /* disks */
  put16(out, (uint32_t)count);
  put16(out, (uint32_t)count);
  put32(out, (uint32_t)directory.len);
  put32(out, (uint32_t)at);
  put16(out, 0); /* no comment */
  int err = directory.error != 0 ? directory.error : out->error;
  ms_buf_deinit(&directory);
  return err;
}
