/*
 * Sizes: of the structs that there may be millions of, and of a program without its symbols. One
 * JSON object on standard output.
 *
 *   bench_sizes [PROGRAM ...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/internal.h"

/* Bytes after strip(1); -1 when it cannot be done. */
static long stripped_bytes(const char *path)
{
  char to[] = "/tmp/bench_sizes_XXXXXX";
  int fd = mkstemp(to);
  if (fd < 0) {
    return -1;
  }
  close(fd);
  pid_t pid = fork();
  if (pid == 0) {
    execlp("strip", "strip", "-o", to, path, (char *)NULL);
    _exit(127);
  }
  int status = 0;
  struct stat info;
  waitpid(pid, &status, 0);
  long bytes = status == 0 && stat(to, &info) == 0 ? (long)info.st_size : -1;
  unlink(to);
  return bytes;
}

int main(int argc, char **argv)
{
  printf(
      "{\"bench\":\"sizes\",\"json\":%zu,\"event\":%zu,\"frame\":%zu,\"execution\":%zu,\"run\":%zu,"
      "\"timer\":%zu,\"open_task\":%zu,\"pending_command\":%zu,\"machine\":%zu,\"state\":%zu",
      sizeof(struct ms_json), sizeof(struct ms_event), sizeof(struct ms_frame),
      sizeof(struct ms_execution), sizeof(struct ms_run), sizeof(struct ms_run_timer),
      sizeof(struct ms_open_task), sizeof(struct ms_pending), sizeof(struct ms_machine),
      sizeof(struct ms_state));
  for (int i = 1; i < argc; i++) {
    printf(",\"stripped %s\":%ld", argv[i], stripped_bytes(argv[i]));
  }
  printf("}\n");
  return 0;
}
