/* The harness's view of the file system: temporary directory, corpus, whole files. */
#include "mt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mt_internal.h"

const char *mt_source_root(void)
{
  const char *root = getenv("MSTEP_SOURCE");
  return root != NULL && root[0] != '\0' ? root : MT_SOURCE_ROOT;
}

const char *mt_tmpdir(void)
{
  struct mt_shared *shared = mt_shared();
  if (shared->tmpdir[0] == '\0') {
    const char *base = getenv("TMPDIR");
    snprintf(shared->tmpdir, sizeof shared->tmpdir, "%s/mstep-test-XXXXXX",
             base == NULL || base[0] == '\0' ? "/tmp" : base);
    if (mkdtemp(shared->tmpdir) == NULL) {
      shared->tmpdir[0] = '\0';
      mt_fail("no temporary directory: %s", strerror(errno));
    }
  }
  return shared->tmpdir;
}

const char *mt_corpus(void)
{
  const char *path = getenv("MSTEP_CORPUS");
  if (path == NULL || path[0] == '\0') {
    path = mt_format("%s/../shared/corpus", mt_source_root());
  }
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

static char *read_stream(FILE *f, size_t *len)
{
  size_t capacity = 64 * 1024;
  size_t used = 0;
  char *data = malloc(capacity);
  while (data != NULL) {
    used += fread(data + used, 1, capacity - used - 1, f);
    if (used < capacity - 1) {
      break;
    }
    char *bigger = realloc(data, capacity *= 2);
    if (bigger == NULL) {
      free(data);
    }
    data = bigger;
  }
  if (data == NULL || ferror(f)) {
    free(data);
    return NULL;
  }
  data[used] = '\0';
  if (len != NULL) {
    *len = used;
  }
  return data;
}

char *mt_try_read_file(const char *path, size_t *len)
{
  const char *full = path[0] == '/' ? path : mt_format("%s/%s", mt_source_root(), path);
  FILE *f = fopen(full, "rb");
  if (f == NULL) {
    return NULL;
  }
  char *data = read_stream(f, len);
  fclose(f);
  return data == NULL ? NULL : mt_keep(data);
}

char *mt_read_file(const char *path, size_t *len)
{
  char *data = mt_try_read_file(path, len);
  if (data == NULL) {
    mt_fail("cannot read %s: %s", path, strerror(errno));
  }
  return data;
}

void mt_write_file(const char *path, const void *data, size_t len)
{
  FILE *f = fopen(path, "wb");
  if (f == NULL) {
    mt_fail("cannot write %s: %s", path, strerror(errno));
  }
  size_t written = fwrite(data, 1, len, f);
  if (fclose(f) != 0 || written != len) {
    mt_fail("cannot write %s: %s", path, strerror(errno));
  }
}
