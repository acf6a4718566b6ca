/*
 * hostile FILE: does to a file all that a program taken over by its guest could, and prints `ACT: ok`, or why it is
 * refused. What it renames or replaces it puts back, so that each act finds the file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { PAGE = 4096 };
static const char *file;
static char beside[PAGE];

static int written(int flags) {
  int opened = open(file, flags);
  if (opened < 0) return -1;
  int result = write(opened, "poison", 6) == 6 ? 0 : -1;
  close(opened);
  return result;
}
static int opens_to_read_and_write(void) { return written(O_RDWR); }
static int opens_to_write(void) { return written(O_WRONLY); }
static int opens_to_append(void) { return written(O_WRONLY | O_APPEND); }
static int opens_truncated(void) { return open(file, O_RDONLY | O_TRUNC); }
static int truncates(void) { return truncate(file, PAGE); }

/* As QEMU has it open: for reading; and again through the descriptor, for writing. */
static int reopens(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", open(file, O_RDONLY));
  int opened = open(path, O_RDWR);
  return opened < 0 ? -1 : (int)pwrite(opened, "poison", 6, 0) - 6;
}
static int shares_a_mapping(void) {
  int opened = open(file, O_RDWR);
  if (opened < 0) opened = open(file, O_RDONLY);
  char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
  if (page == MAP_FAILED) return -1;
  strcpy(page, "poison");
  return msync(page, PAGE, MS_SYNC);
}
static int makes_a_mapping_writable(void) {
  int opened = open(file, O_RDWR);
  if (opened < 0) opened = open(file, O_RDONLY);
  char *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, opened, 0);
  return page == MAP_FAILED ? -1 : mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}
/* As an inflated balloon does. */
static int punches_a_hole(void) {
  int opened = open(file, O_RDWR);
  if (opened < 0) opened = open(file, O_RDONLY);
  return fallocate(opened, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE);
}
static int renames(void) { return rename(file, beside) == 0 ? rename(beside, file) : -1; }
static int replaces(void) {
  int made = open(beside, O_RDWR | O_CREAT | O_EXCL, 0644);
  if (made < 0) return -1;
  write(made, "poison", 6);
  return rename(beside, file);
}
static int takes_it_to_its_own_folder(void) { return rename(file, "taken") == 0 ? rename("taken", file) : -1; }
static int links_it_into_its_own_folder(void) { return link(file, "linked"); }
static int unlinks(void) { return unlink(file) == 0 ? close(open(file, O_RDWR | O_CREAT, 0644)) : -1; }
static int makes_a_link_beside(void) { return symlink(file, beside) == 0 ? unlink(beside) : -1; }
static int lets_all_write(void) { return chmod(file, 0666) == 0 ? written(O_RDWR) : -1; }
static int lets_all_write_by_descriptor(void) {
  return fchmod(open(file, O_RDONLY), 0666) == 0 ? written(O_RDWR) : -1;
}
static int changes_its_owner(void) { return chown(file, getuid(), getgid()); }
static int gives_it_an_attribute(void) { return setxattr(file, "user.poison", "x", 1, 0); }
static int changes_its_time(void) { return utimes(file, NULL); }
static int traces_who_started_it(void) {
  return (int)ptrace(PTRACE_SEIZE, getppid(), 0, 0);
}
static int sees_files_as_who_started_it(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/root/tmp", getppid());
  return open(path, O_RDONLY | O_DIRECTORY);
}
static int asks_by_io_uring(void) {
  char parameters[256] = {0};
  return (int)syscall(425, 1, parameters);
}

#define ACT(name) {#name, name}
static const struct {
  const char *name;
  int (*does)(void);
} ACTS[] = {
    ACT(opens_to_read_and_write), ACT(opens_to_write),   ACT(opens_to_append),  ACT(opens_truncated),
    ACT(truncates),               ACT(reopens),          ACT(shares_a_mapping), ACT(makes_a_mapping_writable),
    ACT(punches_a_hole),          ACT(renames),          ACT(replaces),         ACT(takes_it_to_its_own_folder),
    ACT(links_it_into_its_own_folder),                   ACT(unlinks),          ACT(makes_a_link_beside),
    ACT(lets_all_write),          ACT(lets_all_write_by_descriptor),            ACT(changes_its_owner),
    ACT(gives_it_an_attribute),   ACT(changes_its_time), ACT(traces_who_started_it),
    ACT(sees_files_as_who_started_it),                   ACT(asks_by_io_uring),
};

int main(int count, char **arguments) {
  if (count != 2) return EXIT_FAILURE;
  file = arguments[1];
  char folder[PAGE];
  snprintf(folder, sizeof folder, "%s", file);
  snprintf(beside, sizeof beside, "%s/poison", dirname(folder));
  for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++) {
    errno = 0;
    int result = ACTS[i].does();
    printf("%s: %s\n", ACTS[i].name, result < 0 ? strerror(errno) : "ok");
  }
  return EXIT_SUCCESS;
}
