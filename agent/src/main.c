/*
 * vmgrid-agent [--port DESCRIPTOR]
 *
 * Serves the host from inside a guest: gives a clone its identity, and runs commands. It stays in memory, so that a
 * clone of a suspended machine has it at once. Without the option it finds the virtio port org.vmgrid.agent; a machine
 * that has none needs it not, and it waits for its end.
 *
 * VMGRID_ROOT is for its tests: a folder to work on in place of the root, in which case nothing of the machine is
 * changed.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "channel/port.h"
#include "serve.h"

static const char PORT[] = "org.vmgrid.agent";
static const char PATH[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
enum { PRIORITY = 50 };

/*
 * In a clone that has just woken, what else wakes would have its turn first. What the agent starts has it not. By the
 * system call: some libraries have a function that does nothing.
 */
static void come_first(void) {
  struct sched_param how = {.sched_priority = PRIORITY};
  if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, &how) != 0) {
    fputs("vmgrid-agent: it runs at the priority of all others\n", stderr);
  }
}

static int port_of(int count, char *words[]) {
  if (count == 3 && strcmp(words[1], "--port") == 0) return atoi(words[2]);
  return port_find(PORT);
}

int main(int count, char *words[]) {
  const char *root = getenv("VMGRID_ROOT");
  if (root != NULL) files_root = root;
  else come_first();
  umask(022);
  setenv("PATH", PATH, 0);
  signal(SIGPIPE, SIG_IGN);
  int port = port_of(count, words);
  if (port < 0) {
    fputs("vmgrid-agent: this machine has no port for it\n", stderr);
    for (;;) pause();
  }
  serve(port);
  return 0;
}
