#define _GNU_SOURCE
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "end-tree.h"
#include "../channel/port.h"
#include "program.h"

/* Words are arguments, and text of a command of ours. */
enum { WORDS_MOST = 64, OUTPUT_MOST = 4096, PIPE_BYTES = 65536 };

/* Copies words out of a frame, each ended by a zero. To be freed. */
static char *copy_words(const struct frame *frame, const char *words[WORDS_MOST + 1]) {
  struct field field[WORDS_MOST];
  int count = fields_read(frame->content, frame->length, field, WORDS_MOST);
  char *text = count > 0 ? malloc((size_t)frame->length + WORDS_MOST) : NULL;
  if (text == NULL) return NULL;
  char *to = text;
  for (int word = 0; word < count; word++) {
    words[word] = to;
    memcpy(to, field[word].bytes, field[word].length);
    to += field[word].length;
    *to++ = 0;
  }
  words[count] = NULL;
  return text;
}

static const char *start(struct run *run, const char *const words[], int ends[2]) {
  pid_t leader = program_start(words, ends[1]);
  if (leader < 0) return strerror(errno);
  run->ended = (int)syscall(SYS_pidfd_open, leader, 0);
  if (run->ended < 0) {
    end_tree(leader);
    waitpid(leader, NULL, 0);
    return "this kernel does not tell of the end of a process";
  }
  run->leader = leader;
  run->output = ends[0];
  fcntl(run->output, F_SETFL, O_NONBLOCK);
  return NULL;
}

const char *run_start(struct run *run, const struct frame *frame) {
  if (run_goes_on(run)) return "another command runs";
  const char *words[WORDS_MOST + 1];
  char *text = copy_words(frame, words);
  if (text == NULL) return "the command is not made of one to 64 words";
  int ends[2] = {-1, -1};
  const char *why = pipe2(ends, O_CLOEXEC) == 0 ? start(run, words, ends) : strerror(errno);
  free(text);
  run->id = frame->id;
  if (ends[1] >= 0) close(ends[1]);
  if (why != NULL && ends[0] >= 0) close(ends[0]);
  return why;
}

/* A command may close its output, and go on. */
static void close_output(struct run *run) {
  if (run->output >= 0) close(run->output);
  run->output = -1;
}

bool run_tell_output(struct run *run, int port) {
  unsigned char bytes[OUTPUT_MOST];
  ssize_t count = run->output < 0 ? 0 : read(run->output, bytes, sizeof bytes);
  if (count == 0) close_output(run);
  if (count <= 0) return false;
  struct frame frame = {.id = run->id, .type = TELL_OUTPUT, .length = (uint32_t)count, .content = bytes};
  port_tell(port, &frame);
  return true;
}

static int let_go(struct run *run) {
  int waited = 0;
  while (waitpid(run->leader, &waited, 0) < 0 && errno == EINTR) continue;
  close(run->ended);
  close_output(run);
  run->leader = 0;
  return program_status(waited);
}

/* What it printed before it ended is in the pipe; more than a pipe holds is not its own. */
void run_tell_end(struct run *run, int port) {
  for (int left = PIPE_BYTES / OUTPUT_MOST; left > 0 && run_tell_output(run, port); left--) continue;
  char status[16];
  snprintf(status, sizeof status, "%d", let_go(run));
  port_tell_text(port, run->id, TELL_EXIT, status);
}

void run_abandon(struct run *run) {
  if (!run_goes_on(run)) return;
  end_tree(run->leader);
  let_go(run);
}
