/* Archives: what is in them, and all that is refused of what somebody may have made by hand. */
#include "invoke/zip.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/error.h"
#include "mt.h"
#include "zip_sample.h"

static struct ms_buf sample(void)
{
  struct ms_buf bytes;
  ms_buf_init(&bytes, 0);
  mt_eq_int(ms_base64_decode(&bytes, MS_STR(ZIP_SAMPLE)), 0);
  mt_eq_int(bytes.len, ZIP_SAMPLE_BYTES);
  return bytes;
}

/* ---- a writer of stored files ---- */

struct part {
  const char *name;
  const char *text;
  const char *other_name; /* in the header before the data; NULL: the same */
  uint32_t crc, size;     /* size 0: the text's */
  uint32_t flags, method;
  uint32_t header_at; /* 0: where it is */
};

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

static void put_sizes(struct ms_buf *out, const struct part *part, const char *name)
{
  uint32_t len = (uint32_t)strlen(part->text);
  put16(out, part->flags);
  put16(out, part->method);
  put32(out, 0);
  put32(out, part->crc);
  put32(out, len);
  put32(out, part->size != 0 ? part->size : len);
  put16(out, (uint32_t)strlen(name));
  put16(out, 0);
}

static struct ms_buf archive(const struct part *parts, uint32_t count)
{
  struct ms_buf out;
  uint32_t at[8];
  ms_buf_init(&out, 0);
  for (uint32_t i = 0; i < count; i++) {
    const char *name = parts[i].other_name != NULL ? parts[i].other_name : parts[i].name;
    at[i] = parts[i].header_at != 0 ? parts[i].header_at : (uint32_t)out.len;
    put32(&out, 0x04034b50);
    put16(&out, 20);
    put_sizes(&out, &parts[i], name);
    ms_buf_cstr(&out, name);
    ms_buf_cstr(&out, parts[i].text);
  }
  uint32_t directory = (uint32_t)out.len;
  for (uint32_t i = 0; i < count; i++) {
    put32(&out, 0x02014b50);
    put16(&out, 20);
    put16(&out, 20);
    put_sizes(&out, &parts[i], parts[i].name);
    for (int k = 0; k < 5; k++) {
      put16(&out, 0);
    }
    put32(&out, at[i]);
    ms_buf_cstr(&out, parts[i].name);
  }
  uint32_t size = (uint32_t)out.len - directory;
  put32(&out, 0x06054b50);
  put32(&out, 0);
  put16(&out, count);
  put16(&out, count);
  put32(&out, size);
  put32(&out, directory);
  put16(&out, 0);
  return out;
}

#define TEXT "return 1"
#define CRC 0xb47da00bu /* of TEXT */

static int open_parts(const struct part *parts, uint32_t count)
{
  struct ms_zip zip;
  struct ms_buf bytes = archive(parts, count);
  int err = ms_zip_open(&zip, ms_buf_view(&bytes));
  ms_zip_close(&zip);
  ms_buf_deinit(&bytes);
  return err;
}

static int open_named(const char *name)
{
  const struct part part = {.name = name, .text = TEXT, .crc = CRC};
  return open_parts(&part, 1);
}

/* ---- cases ---- */

MT_TEST(zip__lua_files_are_unpacked)
{
  struct ms_zip zip;
  struct ms_buf bytes = sample();
  mt_eq_int(ms_zip_open(&zip, ms_buf_view(&bytes)), 0);
  mt_eq_int(zip.count, 2);
  mt_eq_mem(zip.files[0].path.data, zip.files[0].path.len, "src/index.lua");
  mt_ok(ms_str_has_prefix(zip.files[0].text, "local money = require 'lib.money'\n"));
  mt_eq_mem(zip.files[1].path.data, zip.files[1].path.len, "lib/money.lua");
  mt_eq_mem(zip.files[1].text.data, zip.files[1].text.len,
            "return {add = function(a, b) return a + b end}\n");
  ms_zip_close(&zip);
  ms_buf_deinit(&bytes);
}

MT_TEST(zip__stored_files_and_a_comment_behind)
{
  struct ms_zip zip;
  const struct part parts[] = {{.name = "./a.lua", .text = TEXT, .crc = CRC},
                               {.name = "empty.lua", .text = ""}};
  struct ms_buf bytes = archive(parts, 2);
  bytes.data[bytes.len - 2] = 5;
  ms_buf_cstr(&bytes, "hello");
  mt_eq_int(ms_zip_open(&zip, ms_buf_view(&bytes)), 0);
  mt_eq_int(zip.count, 2);
  mt_eq_mem(zip.files[0].path.data, zip.files[0].path.len, "a.lua");
  mt_eq_mem(zip.files[0].text.data, zip.files[0].text.len, TEXT);
  mt_eq_int(zip.files[1].text.len, 0);
  ms_zip_close(&zip);
  ms_buf_deinit(&bytes);
}

MT_TEST(zip__names_that_lead_elsewhere)
{
  mt_eq_int(open_named("a.lua"), 0);
  mt_eq_int(open_named("..a/b..lua"), 0);
  static const char *const bad[] = {"/a.lua",      "../a.lua", "a/../b.lua",   "a/..",
                                    "a\\..\\b.lua", "c:a.lua",  "a/../../etc", "..",
                                    ".//a.lua",    "a//b.lua"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    mt_eq_int(open_named(bad[i]), MSTEP_EINVALID);
  }
}

MT_TEST(zip__what_does_not_agree)
{
  const struct part wrong[] = {
      {.name = "a.lua", .text = TEXT, .crc = CRC + 1},
      {.name = "a.lua", .text = TEXT, .crc = CRC, .other_name = "b.lua"},
      {.name = "a.lua", .text = TEXT, .crc = CRC, .size = 9},
      {.name = "a.lua", .text = TEXT, .crc = CRC, .flags = 1},
      {.name = "a.lua", .text = TEXT, .crc = CRC, .method = 12},
      {.name = "a.lua", .text = TEXT, .crc = CRC, .method = 8},
      {.name = "a.lua", .text = TEXT, .crc = CRC, .header_at = 0x7fffffff},
      {.name = "a.lua", .text = TEXT, .crc = CRC, .header_at = 3},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    mt_eq_int(open_parts(&wrong[i], 1), MSTEP_EINVALID);
  }
  const struct part twice[] = {{.name = "a.lua", .text = TEXT, .crc = CRC},
                               {.name = "./a.lua", .text = TEXT, .crc = CRC}};
  mt_eq_int(open_parts(twice, 2), MSTEP_EINVALID);
}

MT_TEST(zip__bombs)
{
  const struct part large = {.name = "a.lua", .text = TEXT, .method = 8, .size = 5u << 20};
  mt_eq_int(open_parts(&large, 1), MSTEP_ETOOBIG);
  const struct part huge = {.name = "a.bin", .text = TEXT, .method = 8, .size = 262144001};
  mt_eq_int(open_parts(&huge, 1), MSTEP_ETOOBIG);
  const struct part half = {.name = "a.bin", .text = TEXT, .method = 8, .size = 131072001};
  const struct part halves[] = {half, half};
  mt_eq_int(open_parts(halves, 2), MSTEP_ETOOBIG);
  struct part shared[8]; /* all the same data */
  for (uint32_t i = 0; i < 8; i++) {
    shared[i] = (struct part){.name = "long-name-of-a-file.bin", .text = "", .size = 1};
  }
  mt_eq_int(open_parts(shared, 8), 0); /* what is not Lua's is not looked at */
}

MT_TEST(zip__files_that_share_their_data)
{
  const struct part part = {.name = "a.bin", .text = TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT};
  struct ms_zip zip;
  struct ms_buf bytes = archive(&part, 1);
  size_t entry = bytes.len - 22 - 46 - 5;
  struct ms_buf many;
  ms_buf_init(&many, 0);
  ms_buf_put(&many, bytes.data, entry);
  for (int i = 0; i < 100; i++) {
    ms_buf_put(&many, bytes.data + entry, 46 + 5);
  }
  put32(&many, 0x06054b50);
  put32(&many, 0);
  put16(&many, 100);
  put16(&many, 100);
  put32(&many, 100 * 51);
  put32(&many, (uint32_t)entry);
  put16(&many, 0);
  mt_eq_int(ms_zip_open(&zip, ms_buf_view(&many)), MSTEP_EINVALID);
  ms_buf_deinit(&many);
  ms_buf_deinit(&bytes);
}

MT_TEST(zip__cut_and_damaged_anywhere)
{
  struct ms_buf bytes = sample();
  for (size_t len = 0; len < bytes.len; len++) {
    struct ms_zip zip;
    char *cut = ms_strdupn(bytes.data, len); /* so that a read behind its end is seen */
    mt_ok(ms_zip_open(&zip, (struct ms_str){cut, len}) != 0);
    ms_zip_close(&zip);
    ms_free(cut);
  }
  for (size_t at = 0; at < bytes.len; at++) {
    for (int bit = 0; bit < 8; bit += 3) {
      struct ms_zip zip;
      bytes.data[at] ^= (char)(1 << bit);
      (void)ms_zip_open(&zip, ms_buf_view(&bytes));
      ms_zip_close(&zip);
      bytes.data[at] ^= (char)(1 << bit);
    }
  }
  ms_buf_deinit(&bytes);
}

static int open_sample(void *user)
{
  struct ms_zip zip;
  int err = ms_zip_open(&zip, ms_buf_view(user));
  ms_zip_close(&zip);
  return err;
}

MT_TEST(zip__out_of_memory)
{
  struct ms_buf bytes = sample();
  mt_oom(open_sample, &bytes);
  ms_buf_deinit(&bytes);
}
