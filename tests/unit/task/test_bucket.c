/* Files of buckets as items: formats, limits, places outside; and results as files. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "mt.h"
#include "task/bucket.h"

static void put(const char *dir, const char *key, const char *text, size_t len)
{
  mt_eq_int(ms_bucket_store(dir, MS_STR("b"), ms_str_c(key), (struct ms_str){text, len}), 0);
}

static struct ms_json json(const char *text)
{
  struct ms_json value;
  mt_eq_int(ms_json_parse(&value, ms_str_c(text), NULL, NULL), 0);
  return value;
}

/* What a reader answers as text, or the cause of its failure. */
static char *read_with(const char *dir, const char *request)
{
  struct ms_json asked = json(request), answer;
  int err = ms_bucket_read(&answer, dir, asked);
  ms_json_unref(asked);
  if (err != 0) {
    return mt_format("%s", ms_error_detail());
  }
  struct ms_json text = ms_json_print_value(ms_json_getc(answer, "items"));
  char *copy = mt_format("%.*s", MS_STR_ARG(ms_json_text(text)));
  ms_json_unref(text);
  ms_json_unref(answer);
  return copy;
}

static char *read_file(const char *dir, const char *key, const char *config, const char *more)
{
  return read_with(dir, mt_format("{\"action\":\"read\",\"resource\":\"arn:aws:states:::s3:getObject\","
                                  "\"parameters\":{\"Bucket\":\"b\",\"Key\":\"%s\"},\"config\":%s%s}",
                                  key, config, more));
}

static char *read_text(const char *text, const char *config)
{
  const char *dir = mt_tmpdir();
  put(dir, "f", text, strlen(text));
  return read_file(dir, "f", config, "");
}

#define CSV "{\"InputType\":\"CSV\",\"CSVHeaderLocation\":\"FIRST_ROW\"}"
#define JSON "{\"InputType\":\"JSON\"}"
#define JSONL "{\"InputType\":\"JSONL\"}"

MT_TEST(bucket__csv)
{
  mt_eq_str(read_text("a,b\r\n1,2\r\n\r\n3\n4,5,6\n", CSV),
            "[{\"a\":\"1\",\"b\":\"2\"},{\"a\":\"3\",\"b\":\"\"},{\"a\":\"4\",\"b\":\"5\"}]");
  mt_eq_str(read_text("a,b\n\"x,\ny\",\"say \"\"hi\"\"\"\n\\,\\q,\\\\", CSV),
            "[{\"a\":\"x,\\ny\",\"b\":\"say \\\"hi\\\"\"},{\"a\":\",q\",\"b\":\"\\\\\"}]");
  mt_eq_str(read_text("1;2|3\n", "{\"InputType\":\"CSV\",\"CSVHeaderLocation\":\"GIVEN\",\"CSVDelimiter\":"
                                 "\"PIPE\",\"CSVHeaders\":[\"x\",\"y\"]}"),
            "[{\"x\":\"1;2\",\"y\":\"3\"}]");
  mt_eq_str(read_text("a,a\n1,2\n", CSV), "CSV headers cannot contain duplicates.");
  mt_eq_str(read_text("\xef\xbb\xbf" "a\n1\n", CSV), "[{\"a\":\"1\"}]");
  mt_eq_str(read_text("", CSV), "[]");
  mt_eq_str(read_text("a\n\xff\n", CSV), "The file is not UTF-8.");
  mt_eq_str(read_text("a\n\"never closed\n", CSV), "[{\"a\":\"never closed\\n\"}]");
}

MT_TEST(bucket__json)
{
  mt_eq_str(read_text("{\"a\":1}", JSON), "[{\"Key\":\"a\",\"Value\":1}]");
  mt_eq_str(read_text("7", JSON), "Attempting to map over non-iterable node.");
  mt_eq_str(read_text("[", JSON), "The file is not JSON.");
  mt_eq_str(read_text("{\"a\":{\"b\":[1,2]}}", "{\"InputType\":\"JSON\",\"ItemsPointer\":\"/a/b\"}"), "[1,2]");
  mt_eq_str(read_text("{}", "{\"InputType\":\"JSON\",\"ItemsPointer\":\"/a\"}"),
            "The file has nothing at the ItemsPointer '/a'.");
  mt_eq_str(read_text("1\n\n \r\n{\"a\":2}", JSONL), "[1,{\"a\":2}]");
  mt_eq_str(read_text("1\n{\n", JSONL), "Line 2 of the file is not JSON.");
  mt_eq_str(read_text("x", "{\"InputType\":\"PARQUET\"}"),
            "This engine does not read files in the format PARQUET.");
}

MT_TEST(bucket__how_many)
{
  const char *dir = mt_tmpdir();
  put(dir, "f", "[1,2,3]", 7);
  mt_eq_str(read_file(dir, "f", JSON, ",\"maxItems\":2"), "[1,2]");
  mt_eq_str(read_file(dir, "f", JSON, ",\"maxItems\":0"), "[1,2,3]");
  mt_eq_str(read_file(dir, "f", JSON, ",\"maxItems\":100000001"), "[1,2,3]");
  mt_eq_str(read_file(dir, "f", JSON, ",\"maxItems\":-1"), "field MaxItems must be positive");
}

MT_TEST(bucket__places_outside_are_refused)
{
  const char *dir = mt_format("%s/buckets", mt_tmpdir());
  mkdir(dir, 0777);
  put(dir, "f", "[1]", 3);
  mt_eq_str(read_file(dir, "../b/f", JSON, ""), "The specified key does not exist: '../b/f'");
  mt_eq_str(read_file(dir, "/f", JSON, ""), "The specified key does not exist: '/f'");
  mt_eq_str(read_file(dir, "none", JSON, ""), "The specified key does not exist: 'none'");
  mt_eq_str(read_file(dir, "", JSON, ""), "The Key of the object is missing.");
  mt_eq_str(read_file(dir, "f.zst", JSON, ""), "This engine does not unpack .zst files.");
  mt_eq_str(read_with(dir, "{\"resource\":\"x:listObjectsV2\",\"parameters\":{\"Bucket\":\"..\"}}"),
            "The specified bucket does not exist: '..'");
  mt_eq_str(read_with(dir, "{\"resource\":\"x:listObjectsV2\",\"parameters\":{\"Bucket\":\"no\"}}"),
            "The specified bucket does not exist: 'no'");
  mt_ok(strstr(read_file(NULL, "f", JSON, ""), "There are no buckets here") != NULL);
}

static size_t pack(char *out, size_t size, const char *text)
{
  z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)strlen(text),
                     .next_out = (Bytef *)out, .avail_out = (uInt)size};
  mt_eq_int(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  mt_eq_int(deflate(&stream, Z_FINISH), Z_STREAM_END);
  deflateEnd(&stream);
  return size - stream.avail_out;
}

MT_TEST(bucket__packed_files_and_manifests)
{
  const char *dir = mt_tmpdir();
  char packed[256];
  size_t len = pack(packed, sizeof packed, "\"b\",\"k1\",\"5\"\n");
  put(dir, "data/1.csv.gz", packed, len);
  const char *manifest = "{\"destinationBucket\":\"arn:aws:s3:::b\",\"fileFormat\":\"CSV\",\"fileSchema\":"
                         "\"Bucket, Key, Size\",\"files\":[{\"key\":\"data/1.csv.gz\"}]}";
  put(dir, "manifest.json", manifest, strlen(manifest));
  mt_eq_str(read_file(dir, "manifest.json", "{\"InputType\":\"MANIFEST\"}", ""),
            "[{\"Bucket\":\"b\",\"Key\":\"k1\",\"Size\":\"5\"}]");
  put(dir, "bad.gz", "no gzip at all", 14);
  mt_eq_str(read_file(dir, "bad.gz", JSON, ""), "The object 'bad.gz' is not in gzip format.");
  put(dir, "cut.gz", packed, len - 6);
  mt_eq_str(read_file(dir, "cut.gz", JSON, ""), "The object 'cut.gz' is not in gzip format.");
}

MT_TEST(bucket__lists)
{
  const char *dir = mt_tmpdir();
  put(dir, "p/2.jsonl", "3\n", 2);
  put(dir, "p/1.jsonl", "1\n2\n", 4);
  put(dir, "q/x", "", 0);
  char *list = read_with(dir, "{\"resource\":\"x:listObjectsV2\",\"parameters\":{\"Bucket\":\"b\",\"Prefix\":\"p/\"}}");
  mt_ok(strstr(list, "\"Key\":\"p/1.jsonl\",\"Size\":4,\"StorageClass\":\"STANDARD\"") != NULL);
  mt_ok(strstr(list, "p/2.jsonl") > strstr(list, "p/1.jsonl"));
  mt_ok(strstr(list, "q/x") == NULL);
  mt_ok(strstr(list, "\"Etag\":\"\\\"") != NULL);
  mt_eq_str(read_with(dir, "{\"resource\":\"x:listObjectsV2\",\"parameters\":{\"Bucket\":\"b\",\"Prefix\":\"p\"},"
                           "\"config\":{\"InputType\":\"JSONL\",\"Transformation\":\"LOAD_AND_FLATTEN\"}}"),
            "[1,2,3]");
}

#define WRITE                                                                                      \
  "{\"action\":\"write\",\"parameters\":{\"Bucket\":\"out\",\"Prefix\":\"p/\"},\"config\":{\"OutputType\":" \
  "\"JSONL\"},\"mapRunArn\":\"arn:x:mapRun:m/l:u-1\",\"succeeded\":[1,{\"a\":2}],\"failed\":[]}"

MT_TEST(bucket__writes)
{
  const char *dir = mt_tmpdir();
  struct ms_json asked = json(WRITE), answer;
  mt_eq_int(ms_bucket_write(&answer, dir, asked), 0);
  mt_eq_str(ms_json_text(ms_json_getc(answer, "Key")).data, "p/u-1/manifest.json");
  mt_eq_str(mt_read_file(mt_format("%s/out/p/u-1/SUCCEEDED_0.jsonl", dir), NULL), "1\n{\"a\":2}\n");
  mt_eq_str(mt_read_file(mt_format("%s/out/p/u-1/manifest.json", dir), NULL),
            "{\"DestinationBucket\":\"out\",\"MapRunArn\":\"arn:x:mapRun:m/l:u-1\",\"ResultFiles\":{"
            "\"FAILED\":[],\"PENDING\":[],\"SUCCEEDED\":[{\"Key\":\"p/u-1/SUCCEEDED_0.jsonl\",\"Size\":10}]}}");
  mt_ok(access(mt_format("%s/out/p/u-1/FAILED_0.jsonl", dir), F_OK) != 0);
  ms_json_unref(answer);
  ms_json_unref(asked);
}

struct attempt {
  const char *dir;
  struct ms_json asked;
  bool is_write;
};

static int try_it(void *user)
{
  const struct attempt *attempt = user;
  struct ms_json answer;
  int err = attempt->is_write ? ms_bucket_write(&answer, attempt->dir, attempt->asked)
                              : ms_bucket_read(&answer, attempt->dir, attempt->asked);
  if (err == 0) {
    ms_json_unref(answer);
  }
  return err;
}

static void fail_all(const char *dir, const char *request, bool is_write)
{
  struct attempt attempt = {dir, json(request), is_write};
  mt_ok(mt_oom(try_it, &attempt) > 0);
  ms_json_unref(attempt.asked);
}

static void fail_read(const char *dir, const char *key, const char *config, const char *more)
{
  fail_all(dir, mt_format("{\"resource\":\"x:getObject\",\"parameters\":{\"Bucket\":\"b\",\"Key\":\"%s\"},"
                          "\"config\":%s%s}",
                          key, config, more),
           false);
}

MT_TEST(bucket__out_of_memory)
{
  const char *dir = mt_tmpdir();
  const char *table = "a,b\n1,\"2\"\n", *lines = "[1,\"a\"]\n{\"b\":2}\n", *pairs = "{\"a\":{\"b\":1,\"c\":[2]}}";
  const char *manifest = "{\"destinationBucket\":\"b\",\"fileFormat\":\"CSV\",\"fileSchema\":\"Bucket, Key\","
                         "\"files\":[{\"key\":\"packed.gz\"}]}";
  char packed[256];
  size_t len = pack(packed, sizeof packed, "\"b\",\"k1\"\n");
  put(dir, "p/f", table, strlen(table));
  put(dir, "lines", lines, strlen(lines));
  put(dir, "pairs", pairs, strlen(pairs));
  put(dir, "packed.gz", packed, len);
  put(dir, "manifest", manifest, strlen(manifest));
  fail_read(dir, "p/f", CSV, "");
  fail_read(dir, "lines", JSONL, ",\"maxItems\":1");
  fail_read(dir, "pairs", JSON, "");
  fail_read(dir, "pairs", "{\"InputType\":\"JSON\",\"ItemsPointer\":\"/a/c\"}", "");
  fail_read(dir, "manifest", "{\"InputType\":\"MANIFEST\"}", "");
  fail_all(dir, "{\"resource\":\"x:listObjectsV2\",\"parameters\":{\"Bucket\":\"b\"}}", false);
  fail_all(dir,
           "{\"resource\":\"x:listObjectsV2\",\"parameters\":{\"Bucket\":\"b\",\"Prefix\":\"p/\"},\"config\":{"
           "\"InputType\":\"CSV\",\"CSVHeaderLocation\":\"FIRST_ROW\",\"Transformation\":\"LOAD_AND_FLATTEN\"}}",
           false);
  fail_all(dir, WRITE, true);
  fail_all(dir,
           "{\"parameters\":{\"Bucket\":\"out\"},\"mapRunArn\":\"a:u\",\"succeeded\":[1],\"failed\":[{}],"
           "\"pending\":[2,3]}",
           true);
}
