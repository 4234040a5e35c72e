/*
 * See zip.h. The directory at the end of the archive says what is in it; each entry's own header must agree.
 *
 *   header data header data ... directory(entry entry ...) end(entries, size and place of the directory)
 *
 * Nothing is believed: places and sizes are checked against the archive, unpacked sizes are summed before
 * anything is unpacked, packed ones too, so that no two entries share their data.
 */
#include "invoke/zip.h"

#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"

#define END_SIZE 22u
#define ENTRY_SIZE 46u
#define HEADER_SIZE 30u
#define COMMENT_MAX 65535u
#define PATH_MAX_LEN 512u
#define TEXT_MAX ((uint32_t)4 << 20) /* of one Lua file: as luavm */

#define END_MARK 0x06054b50u
#define ENTRY_MARK 0x02014b50u
#define HEADER_MARK 0x04034b50u

struct entry {
  uint32_t flags, method, crc, packed, size, header_at;
  uint32_t skip; /* bytes of name, extra field and comment */
  struct ms_str name;
};

static uint32_t number16(struct ms_str bytes, size_t at)
{
  const unsigned char *p = (const unsigned char *)bytes.data + at;
  return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t number32(struct ms_str bytes, size_t at)
{
  return number16(bytes, at) | number16(bytes, at + 2) << 16;
}

static int damaged(const char *what)
{
  return ms_error(MSTEP_EINVALID, "the zip file is damaged: %s", what);
}

/* ---- the directory ---- */

struct directory {
  size_t at, end;
  uint32_t count;
};

static int find_directory(struct directory *out, struct ms_str bytes)
{
  if (bytes.len < END_SIZE) {
    return damaged("it is too short");
  }
  size_t at = bytes.len - END_SIZE;
  size_t first = at > COMMENT_MAX ? at - COMMENT_MAX : 0;
  while (number32(bytes, at) != END_MARK || number16(bytes, at + 20) > bytes.len - at - END_SIZE) {
    if (at == first) {
      return damaged("it has no directory");
    }
    at--;
  }
  uint32_t size = number32(bytes, at + 12), offset = number32(bytes, at + 16);
  out->count = number16(bytes, at + 10);
  if (number16(bytes, at + 4) != 0 || number16(bytes, at + 8) != out->count ||
      out->count == 0xffff || offset == 0xffffffffu) {
    return ms_error(MSTEP_EINVALID, "zip files in parts, and those of zip64, are not read");
  }
  if (out->count > MS_ZIP_ENTRIES_MAX) {
    return ms_error(MSTEP_ETOOBIG, "the zip file has more than %u entries", MS_ZIP_ENTRIES_MAX);
  }
  if (offset > at || size > at - offset) {
    return damaged("its directory is elsewhere");
  }
  out->at = offset;
  out->end = offset + size;
  return MSTEP_OK;
}

/* No part of it leads upwards or is empty ("./" before "/a" would be absolute); it is of no other system. */
static bool is_inside(struct ms_str path)
{
  if (path.len == 0 || path.len > PATH_MAX_LEN || path.data[0] == '/' ||
      memchr(path.data, '\0', path.len) != NULL || memchr(path.data, '\\', path.len) != NULL ||
      memchr(path.data, ':', path.len) != NULL) {
    return false;
  }
  for (size_t from = 0; from < path.len;) {
    size_t end = ms_str_find(path, from, '/');
    if (end == from || ms_str_is(ms_str_sub(path, from, end), "..")) {
      return false;
    }
    from = end + 1;
  }
  return true;
}

static int next_entry(struct entry *out, struct directory *directory, struct ms_str bytes)
{
  size_t at = directory->at;
  if (directory->end - at < ENTRY_SIZE || number32(bytes, at) != ENTRY_MARK) {
    return damaged("its directory");
  }
  uint32_t name_len = number16(bytes, at + 28);
  *out = (struct entry){.flags = number16(bytes, at + 8),
                        .method = number16(bytes, at + 10),
                        .crc = number32(bytes, at + 16),
                        .packed = number32(bytes, at + 20),
                        .size = number32(bytes, at + 24),
                        .header_at = number32(bytes, at + 42)};
  out->skip = name_len + number16(bytes, at + 30) + number16(bytes, at + 32);
  if (directory->end - at - ENTRY_SIZE < out->skip) {
    return damaged("its directory");
  }
  out->name = ms_str_sub(bytes, at + ENTRY_SIZE, at + ENTRY_SIZE + name_len);
  directory->at = at + ENTRY_SIZE + out->skip;
  if (!is_inside(out->name)) {
    return ms_error(MSTEP_EINVALID, "the zip file has a name that leads elsewhere");
  }
  return MSTEP_OK;
}

/* ---- entries ---- */

static bool is_lua(const struct entry *entry)
{
  return ms_str_has_suffix(entry->name, ".lua");
}

/* A folder called "./" in front says nothing. */
static struct ms_str path_of(const struct entry *entry)
{
  struct ms_str path = entry->name;
  while (ms_str_has_prefix(path, "./")) {
    path = ms_str_sub(path, 2, path.len);
  }
  return path;
}

/* Where its data begins, by the header that stands before it and must name it likewise. */
static int find_data(struct ms_str *out, const struct entry *entry, struct ms_str bytes)
{
  size_t at = entry->header_at;
  if (at > bytes.len || bytes.len - at < HEADER_SIZE || number32(bytes, at) != HEADER_MARK) {
    return damaged("a header is elsewhere");
  }
  size_t name_at = at + HEADER_SIZE, name_len = number16(bytes, at + 26);
  size_t data_at = name_at + name_len + number16(bytes, at + 28);
  if (data_at > bytes.len || bytes.len - data_at < entry->packed ||
      !ms_str_eq(entry->name, ms_str_sub(bytes, name_at, name_at + name_len))) {
    return damaged("a header says something else than the directory");
  }
  *out = ms_str_sub(bytes, data_at, data_at + entry->packed);
  return MSTEP_OK;
}

static void *zip_alloc(void *user, unsigned count, unsigned size)
{
  (void)user;
  return ms_calloc(count, size);
}

static void zip_free(void *user, void *memory)
{
  (void)user;
  ms_free(memory);
}

static int inflate_data(char *to, const struct entry *entry, struct ms_str data)
{
  z_stream stream = {.zalloc = zip_alloc, .zfree = zip_free};
  stream.next_in = (z_const Bytef *)(uintptr_t)data.data;
  stream.avail_in = entry->packed;
  stream.next_out = (Bytef *)to;
  stream.avail_out = entry->size;
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return ms_error_nomem();
  }
  int status = inflate(&stream, Z_FINISH);
  bool is_whole = status == Z_STREAM_END && stream.total_out == entry->size;
  inflateEnd(&stream);
  return status == Z_MEM_ERROR ? ms_error_nomem()
         : is_whole            ? MSTEP_OK
                               : damaged("a file does not unpack");
}

/* Into entry->size bytes. */
static int unpack(char *to, const struct entry *entry, struct ms_str bytes)
{
  struct ms_str data = {NULL, 0};
  int err = find_data(&data, entry, bytes);
  if (err == 0 && entry->method == 8) {
    err = inflate_data(to, entry, data);
  } else if (err == 0 && entry->packed != entry->size) {
    err = damaged("a stored file has two sizes");
  } else if (err == 0 && data.len > 0) {
    memcpy(to, data.data, data.len);
  }
  if (err == 0 && crc32(crc32(0, NULL, 0), (const Bytef *)to, entry->size) != entry->crc) {
    err = damaged("a check sum does not agree");
  }
  return err;
}

/* ---- all of them ---- */

struct sums {
  uint64_t packed, size, text; /* text: of what is unpacked */
  size_t files;
};

static int check_entry(struct sums *sums, const struct entry *entry, struct ms_str bytes)
{
  sums->packed += entry->packed;
  sums->size += entry->size;
  if (sums->size > MS_ZIP_UNPACKED_MAX) {
    return ms_error(MSTEP_ETOOBIG, "Unzipped size must be smaller than %llu bytes",
                    (unsigned long long)MS_ZIP_UNPACKED_MAX);
  }
  if (sums->packed > bytes.len) {
    return damaged("files in it share their data");
  }
  if (!is_lua(entry)) {
    return MSTEP_OK;
  }
  if ((entry->flags & 1) != 0 || (entry->method != 0 && entry->method != 8)) {
    return ms_error(MSTEP_EINVALID, "%.*s is encrypted, or packed in a way that is not read",
                    MS_STR_ARG(entry->name));
  }
  if (entry->size > TEXT_MAX || ++sums->files > MS_ZIP_FILES_MAX) {
    return ms_error(MSTEP_ETOOBIG, "more than %u Lua files, or one of more than %u bytes",
                    MS_ZIP_FILES_MAX, TEXT_MAX);
  }
  sums->text += entry->size;
  if (sums->text > MS_ZIP_TEXT_MAX) {
    return ms_error(MSTEP_ETOOBIG, "more than %zu bytes of Lua", MS_ZIP_TEXT_MAX);
  }
  return ms_utf8_check(entry->name) == entry->name.len ? MSTEP_OK : damaged("a name is no UTF-8");
}

static int check_all(struct sums *sums, struct directory directory, struct ms_str bytes)
{
  int err = MSTEP_OK;
  *sums = (struct sums){0, 0, 0, 0};
  for (uint32_t i = 0; i < directory.count && err == 0; i++) {
    struct entry entry;
    err = next_entry(&entry, &directory, bytes);
    err = err != 0 ? err : check_entry(sums, &entry, bytes);
  }
  return err;
}

static bool has_path(const struct ms_zip *zip, struct ms_str path)
{
  for (size_t i = 0; i < zip->count; i++) {
    if (ms_str_eq(zip->files[i].path, path)) {
      return true;
    }
  }
  return false;
}

static int unpack_all(struct ms_zip *zip, struct directory directory)
{
  int err = MSTEP_OK;
  char *to = zip->memory;
  for (uint32_t i = 0; i < directory.count && err == 0; i++) {
    struct entry entry;
    err = next_entry(&entry, &directory, zip->bytes);
    if (err != 0 || !is_lua(&entry)) {
      continue;
    }
    struct ms_str path = path_of(&entry);
    if (has_path(zip, path)) {
      return damaged("two files in it have one name");
    }
    err = unpack(to, &entry, zip->bytes);
    zip->files[zip->count++] = (struct ms_lua_file){path, {to, entry.size}};
    to += entry.size;
  }
  return err;
}

int ms_zip_open(struct ms_zip *out, struct ms_str bytes)
{
  struct directory directory;
  struct sums sums;
  *out = (struct ms_zip){.bytes = bytes};
  if (bytes.len > MS_ZIP_BYTES_MAX) {
    return ms_error(MSTEP_ETOOBIG, "the zip file is larger than %zu bytes", MS_ZIP_BYTES_MAX);
  }
  int err = find_directory(&directory, bytes);
  err = err != 0 ? err : check_all(&sums, directory, bytes);
  if (err != 0) {
    return err;
  }
  out->files = ms_calloc(sums.files + 1, sizeof *out->files);
  out->memory = ms_alloc((size_t)sums.text + 1);
  err = out->files == NULL || out->memory == NULL ? ms_error_nomem() : unpack_all(out, directory);
  if (err != 0) {
    ms_zip_close(out);
  }
  return err;
}

void ms_zip_close(struct ms_zip *zip)
{
  ms_free(zip->files);
  ms_free(zip->memory);
  *zip = (struct ms_zip){.files = NULL};
}
