#define _GNU_SOURCE
#include "disk.h"

#include <mntent.h>
#include <stdio.h>
#include <string.h>

#include "../files.h"
#include "../run/program.h"

/* The device of the last mount on /: what is below it is hidden. */
static bool find_root(char *device, size_t most) {
  FILE *mounts = setmntent("/proc/mounts", "re");
  if (mounts == NULL) return false;
  bool found = false;
  for (struct mntent *one = getmntent(mounts); one != NULL; one = getmntent(mounts)) {
    if (strcmp(one->mnt_dir, "/") != 0 || strlen(one->mnt_fsname) >= most) continue;
    strcpy(device, one->mnt_fsname);
    found = true;
  }
  endmntent(mounts);
  return found;
}

void disk_grow(warner *warn) {
  char device[PATH_MOST] = "";
  char said[PROGRAM_SAID];
  if (files_root[0] == 0 && !find_root(device, sizeof device)) {
    warn("the disk of the root file system was not found");
    return;
  }
  const char *const resize[] = {"resize2fs", device, NULL};
  if (program_run(resize, said) != 0) warn(said);
}
