/*
 * vmgrid-confine FOLDER PRELOADED PROGRAM [ARGUMENT...]
 * vmgrid-confine --landlock    prints the version of the kernel's Landlock, 0 if it has none
 *
 * Becomes PROGRAM, which from then on can change files in FOLDER and on a few devices alone, whoever it runs as: golden
 * images stay as they are, also where they belong to the program's own user. PRELOADED is a library that PROGRAM alone
 * loads before others; empty: none. A kernel without Landlock confines less: then permissions of files are all there
 * is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "this processor's system calls are not known here"
#endif

/*
 * Landlock's numbers, which are the same on every processor: the headers of the system may be older than its kernel.
 */
enum {
  CREATE_RULESET = 444,
  ADD_RULE = 445,
  RESTRICT_SELF = 446,
  ASK_VERSION = 1,
  BELOW_A_PATH = 1,
};
enum {
  WRITE_FILE = 1 << 1,
  REMOVE_AND_MAKE = 0x1ff << 4,
  REFER = 1 << 13,
  TRUNCATE = 1 << 14,
};
/* Abstract sockets stay open: over one UML answers those who use its management console. */
enum { SIGNALS = 1 << 1 };
/* From which version on the kernel has the last ones. */
enum { HAS_REFER = 2, HAS_TRUNCATE = 3, HAS_NETWORK = 4, HAS_SCOPES = 6 };

struct ruleset {
  uint64_t files;
  uint64_t network;
  uint64_t scopes;
};
struct path_rule {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

/* UML's memory is a nameless file in /dev/shm. */
static const char *const DEVICES[] = {"/dev/kvm", "/dev/null", "/dev/shm"};

static void fail(const char *what) {
  fprintf(stderr, "vmgrid-confine: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

/* Allows changes at a path, and below it if it is a folder. */
static void allow(int ruleset, const char *path, uint64_t changes) {
  struct path_rule rule = {.allowed = changes, .parent = open(path, O_PATH | O_CLOEXEC)};
  struct stat found;
  if (rule.parent < 0 || fstat(rule.parent, &found) != 0) fail(path);
  if (!S_ISDIR(found.st_mode)) rule.allowed &= WRITE_FILE | TRUNCATE;
  if (syscall(ADD_RULE, ruleset, BELOW_A_PATH, &rule, 0) != 0) fail(path);
  close(rule.parent);
}

static uint64_t changes_known_to(long version) {
  uint64_t changes = WRITE_FILE | REMOVE_AND_MAKE;
  if (version >= HAS_REFER) changes |= REFER;
  if (version >= HAS_TRUNCATE) changes |= TRUNCATE;
  return changes;
}

static size_t size_known_to(long version) {
  if (version >= HAS_SCOPES) return sizeof(struct ruleset);
  return version >= HAS_NETWORK ? offsetof(struct ruleset, scopes) : offsetof(struct ruleset, network);
}

static long landlock_version(void) {
  long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
  return version < 0 ? 0 : version;
}

/* Nothing outside of the folder is changed, traced or signalled any more. */
static void restrict_files(const char *folder) {
  long version = landlock_version();
  if (version == 0) {
    fprintf(stderr, "vmgrid-confine: the kernel has no Landlock: files are as safe as their permissions\n");
    return;
  }
  struct ruleset wanted = {.files = changes_known_to(version)};
  if (version >= HAS_SCOPES) wanted.scopes = SIGNALS;
  int ruleset = syscall(CREATE_RULESET, &wanted, size_known_to(version), 0);
  if (ruleset < 0) fail("Landlock");
  allow(ruleset, folder, wanted.files);
  for (size_t i = 0; i < sizeof DEVICES / sizeof *DEVICES; i++)
    if (access(DEVICES[i], F_OK) == 0) allow(ruleset, DEVICES[i], wanted.files);
  if (syscall(RESTRICT_SELF, ruleset, 0) != 0) fail("Landlock");
  close(ruleset);
}

/*
 * What Landlock lets pass: a new mode or owner, and so a mode that lets truncate; io_uring, which no filter sees; and
 * truncate itself, which it does not know before Linux 6.2.
 */
static const int REFUSED[] = {
    SYS_fchown,   SYS_fchownat,     SYS_fchmodat,     SYS_utimensat,      SYS_truncate,
    SYS_setxattr, SYS_lsetxattr,    SYS_fsetxattr,    SYS_removexattr,    SYS_lremovexattr, SYS_fremovexattr,
    452 /* fchmodat2 */, 463 /* setxattrat */, 466 /* removexattrat */, 469 /* file_setattr */,
    425 /* io_uring_setup */,
#ifdef SYS_chmod
    SYS_chmod,    SYS_chown,        SYS_lchown,       SYS_utime,          SYS_utimes,       SYS_futimesat,
#endif
};
enum { REFUSALS = sizeof REFUSED / sizeof *REFUSED };
/* Numbers from here on are of another set of calls, x32, that reaches the same. */
enum { OTHER_CALLS = 0x40000000 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define UNLESS(comparison, value) BPF_JUMP(BPF_JMP | BPF_K | (comparison), (value), 0, 1)

static void refuse_calls(void) {
  struct sock_filter filter[9 + 2 * REFUSALS] = {
      LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_K | BPF_JEQ, ARCHITECTURE, 1, 0),
      ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
      LOAD(nr),
      UNLESS(BPF_JGE, OTHER_CALLS),
      ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
      /* UML changes the mode of its memory's file, and ends when it cannot: it is told that it has. */
      UNLESS(BPF_JEQ, SYS_fchmod),
      ANSWER(SECCOMP_RET_ERRNO | 0),
  };
  struct sock_filter *next = filter + 8;
  for (int i = 0; i < REFUSALS; i++) {
    *next++ = (struct sock_filter)UNLESS(BPF_JEQ, REFUSED[i]);
    *next++ = (struct sock_filter)ANSWER(SECCOMP_RET_ERRNO | EPERM);
  }
  *next++ = (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW);
  struct sock_fprog program = {.len = next - filter, .filter = filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) fail("seccomp");
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "--landlock") == 0) {
    printf("%ld\n", landlock_version());
    return EXIT_SUCCESS;
  }
  if (count < 4) {
    fprintf(stderr, "usage: vmgrid-confine FOLDER PRELOADED PROGRAM [ARGUMENT...]\n");
    return EXIT_FAILURE;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
  restrict_files(arguments[1]);
  refuse_calls();
  if (*arguments[2] != '\0' && setenv("LD_PRELOAD", arguments[2], 1) != 0) fail("LD_PRELOAD");
  execvp(arguments[3], arguments + 3);
  fail(arguments[3]);
}
