/*
 * Gives every file of the corpora named on the command line to LLVMFuzzerTestOneInput, so that what
 * a fuzzer once found stays found without clang. An empty or missing corpus is a failure: a replay of
 * nothing would prove nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    fprintf(stderr, "cannot read %s\n", path);
    return 1;
  }
  static uint8_t buffer[1 << 20];
  size_t size = fread(buffer, 1, sizeof buffer, f);
  fclose(f);
  /* A block of exactly that size, so that the address sanitizer sees a step past its end. */
  uint8_t *data = malloc(size == 0 ? 1 : size);
  if (data == NULL) {
    return 1;
  }
  memcpy(data, buffer, size);
  fprintf(stderr, "%s\n", path); /* the last line before a crash names the input */
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  return 0;
}

static int replay_directory(const char *path, size_t *count)
{
  DIR *dir = opendir(path);
  if (dir == NULL) {
    fprintf(stderr, "no corpus at %s\n", path);
    return 1;
  }
  int failed = 0;
  for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
    char name[4096];
    if (e->d_name[0] == '.') {
      continue;
    }
    snprintf(name, sizeof name, "%s/%s", path, e->d_name);
    failed |= replay_file(name);
    (*count)++;
  }
  closedir(dir);
  return failed;
}

int main(int argc, char **argv)
{
  size_t count = 0;
  int failed = 0;
  for (int i = 1; i < argc; i++) {
    failed |= replay_directory(argv[i], &count);
  }
  printf("%zu inputs\n", count);
  return failed != 0 || count == 0;
}
