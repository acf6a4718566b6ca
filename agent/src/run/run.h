/* A command that the host has started in the guest. There is one at a time. */
#ifndef VMGRID_RUN_H
#define VMGRID_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../channel/frames.h"

struct run {
  uint32_t id;
  pid_t leader;
  /* Readable once the leader has ended. */
  int ended;
  /* The end of the pipe that its output comes out of. */
  int output;
};

static inline bool run_goes_on(const struct run *run) {
  return run->leader > 0;
}

/* Starts the command of a frame. Returns why not, or NULL. */
const char *run_start(struct run *run, const struct frame *frame);

/* Sends some of what the command printed. Returns whether there was any. */
bool run_tell_output(struct run *run, int port);

/* The leader has ended: sends what is left, and its exit status. What it left behind lives on. */
void run_tell_end(struct run *run, int port);

/* Ends the command with everything that it started. */
void run_abandon(struct run *run);

#endif
