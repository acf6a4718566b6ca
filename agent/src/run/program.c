#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOT_STARTED = 127, KILLED = 128 };

pid_t program_start(const char *const argv[], int output) {
  union {
    const char *const *read;
    char *const *passed;
  } words = {.read = argv};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  posix_spawnattr_init(&how);
  posix_spawnattr_setsigmask(&how, &none);
  posix_spawnattr_setsigdefault(&how, &all);
  posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid;
  int failure = posix_spawnp(&pid, argv[0], &files, &how, words.passed, environ);
  posix_spawnattr_destroy(&how);
  posix_spawn_file_actions_destroy(&files);
  if (failure == 0) return pid;
  errno = failure;
  return -1;
}

int program_status(int waited) {
  return WIFEXITED(waited) ? WEXITSTATUS(waited) : KILLED + WTERMSIG(waited);
}

/* Keeps the first of the output, and reads the rest. */
static void read_output(int from, char *said) {
  size_t length = 0;
  char dropped[512];
  for (;;) {
    size_t room = PROGRAM_SAID - 1 - length;
    ssize_t count = room > 0 ? read(from, said + length, room) : read(from, dropped, sizeof dropped);
    if (count <= 0) break;
    if (room > 0) length += (size_t)count;
  }
  said[length] = 0;
}

int program_run(const char *const argv[], char *said) {
  char unsaid[PROGRAM_SAID];
  char *to = said == NULL ? unsaid : said;
  int ends[2];
  strcpy(to, "the program could not be started");
  if (pipe2(ends, O_CLOEXEC) != 0) return NOT_STARTED;
  pid_t pid = program_start(argv, ends[1]);
  close(ends[1]);
  if (pid >= 0) read_output(ends[0], to);
  close(ends[0]);
  int waited = 0;
  if (pid < 0) return NOT_STARTED;
  while (waitpid(pid, &waited, 0) < 0 && errno == EINTR) continue;
  return program_status(waited);
}
