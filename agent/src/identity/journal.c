#define _GNU_SOURCE
#include "journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../files.h"

static const char CURRENT[] = "system.journal";

static bool exists_at(int folder, const char *name) {
  struct stat found;
  return fstatat(folder, name, &found, 0) == 0;
}

/* Moves all files of one folder into another. The current journal gets the name of one that was not closed. */
static void move_files(int from, int to, const char *id) {
  char archived[PATH_MOST];
  int half = (int)strlen(id) / 2;
  snprintf(archived, sizeof archived, "system@0000000000000000-%.*s.journal~", half, id);
  renameat(from, CURRENT, to, archived);
  DIR *files = fdopendir(dup(from));
  if (files == NULL) return;
  for (struct dirent *entry = readdir(files); entry != NULL; entry = readdir(files)) {
    if (entry->d_name[0] != '.') renameat(from, entry->d_name, to, entry->d_name);
  }
  closedir(files);
}

static void move_folder(int journals, const char *id, const char *machine_id) {
  int from = openat(journals, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (from < 0) return;
  if (exists_at(from, CURRENT)) {
    mkdirat(journals, machine_id, 0755);
    fchmodat(journals, machine_id, 02755, 0);
    int to = openat(journals, machine_id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (to >= 0) {
      move_files(from, to, id);
      close(to);
      unlinkat(journals, id, AT_REMOVEDIR);
    }
  }
  close(from);
}

static void move_all(const char *path, const char *machine_id) {
  char whole[PATH_MOST];
  DIR *journals = opendir(files_path(whole, path));
  if (journals == NULL) return;
  for (struct dirent *entry = readdir(journals); entry != NULL; entry = readdir(journals)) {
    if (entry->d_name[0] == '.' || strcmp(entry->d_name, machine_id) == 0) continue;
    move_folder(dirfd(journals), entry->d_name, machine_id);
  }
  closedir(journals);
}

static bool is_journal_daemon(const char *pid) {
  static const char PROGRAM[] = "/systemd-journald";
  char path[PATH_MOST];
  char program[PATH_MOST];
  snprintf(path, sizeof path, "/proc/%.20s/exe", pid);
  ssize_t length = readlink(path, program, sizeof program);
  ssize_t name = (ssize_t)sizeof PROGRAM - 1;
  return length >= name && memcmp(program + length - name, PROGRAM, (size_t)name) == 0;
}

/* A namespace of systemd's has a daemon of its own. */
static void end_daemons(void) {
  DIR *processes = opendir("/proc");
  if (processes == NULL) return;
  for (struct dirent *entry = readdir(processes); entry != NULL; entry = readdir(processes)) {
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
    if (pid > 1 && is_journal_daemon(entry->d_name)) kill(pid, SIGTERM);
  }
  closedir(processes);
}

void journal_move(const char *machine_id) {
  if (!files_is_folder("/run/systemd/journal")) return;
  move_all("/run/log/journal", machine_id);
  move_all("/var/log/journal", machine_id);
  if (files_root[0] == 0) end_daemons();
}
