#define _GNU_SOURCE
#include "host-key.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../files.h"
#include "../run/program.h"

static const char FOLDER[] = "/etc/ssh";
static const char KEY[] = "ssh_host_ed25519_key";
static const char PUBLIC[] = "ssh_host_ed25519_key.pub";
static const char WANTED[] = "/etc/systemd/system/multi-user.target.wants/ssh.service";

/* A file of ours is written anew where it lies. One that others could read or have by another name is not. */
static bool may_stay(int folder, const char *name) {
  struct stat found;
  mode_t mode = strcmp(name, KEY) == 0 ? 0600 : 0644;
  if (strcmp(name, KEY) != 0 && strcmp(name, PUBLIC) != 0) return false;
  if (fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return S_ISREG(found.st_mode) && (found.st_mode & 07777) == mode && found.st_nlink == 1 && found.st_uid == geteuid();
}

static void remove_others(void) {
  char path[PATH_MOST];
  DIR *folder = opendir(files_path(path, FOLDER));
  if (folder == NULL) return;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (strncmp(entry->d_name, "ssh_host_", 9) != 0 || may_stay(dirfd(folder), entry->d_name)) continue;
    unlinkat(dirfd(folder), entry->d_name, 0);
  }
  closedir(folder);
}

static bool write_key(const char *name, const char *text, mode_t mode) {
  char path[PATH_MOST];
  snprintf(path, sizeof path, "%s/%s", FOLDER, name);
  return files_write(path, text, strlen(text), mode);
}

/*
 * One that runs has the keys of its image in memory; one that a boot was to start found none. With a socket of
 * systemd's it would not survive a HUP.
 */
void host_key_renew_server(void) {
  static const char *const ACTIVE[] = {"systemctl", "-q", "is-active", "ssh.service", NULL};
  static const char *const FAILED[] = {"systemctl", "-q", "is-failed", "ssh.service", NULL};
  static const char *const RESTART[] = {"systemctl", "restart", "ssh.service", NULL};
  char server[32];
  if (!files_is_folder(FOLDER)) return;
  files_first_line("/run/sshd.pid", server, sizeof server);
  if (server[0] != 0) {
    pid_t pid = (pid_t)strtol(server, NULL, 10);
    if (program_run(ACTIVE, NULL) == 0) program_run(RESTART, NULL);
    else if (pid > 1) kill(pid, SIGHUP);
  } else if (files_exist(WANTED) && program_run(FAILED, NULL) == 0) {
    program_run(RESTART, NULL);
  }
}

void host_key_write(const struct identity *identity, warner *warn) {
  if (!files_is_folder(FOLDER)) return;
  remove_others();
  bool done = write_key(KEY, identity->host_key, 0600) && write_key(PUBLIC, identity->public_key, 0644);
  if (!done) warn("the ssh host key could not be written");
}
