/*
 * Frames: what host and guest send each other. Sixteen bytes of header, four numbers of which the least byte comes
 * first (magic, length, id, type), then `length` bytes of content. The host's half is agent-frames.ts.
 *
 * A reader that finds no frame where one should begin drops bytes until there is one: what a host that died had half
 * sent costs that one frame.
 */
#ifndef VMGRID_FRAMES_H
#define VMGRID_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEADER = 16, FRAME_CONTENT_MOST = 65536 };

/* From the host. */
enum { ASK_HELLO = 1, ASK_IDENTITY = 2, ASK_RUN = 3, ASK_END = 4, ASK_PREPARE = 5 };
/* From the guest. */
enum {
  TELL_HELLO = 129,
  TELL_IDENTITY = 130,
  TELL_SETTLED = 131,
  TELL_OUTPUT = 132,
  TELL_EXIT = 133,
  TELL_REFUSED = 134,
  TELL_WARNING = 135,
};

struct frame {
  uint32_t id;
  uint32_t type;
  uint32_t length;
  const unsigned char *content;
};

struct frame_reader {
  size_t begin;
  size_t end;
  unsigned char bytes[FRAME_HEADER + FRAME_CONTENT_MOST];
};

/* Where the next bytes go, and how many there may be: never none. */
unsigned char *frame_space(struct frame_reader *reader, size_t *room);
void frame_filled(struct frame_reader *reader, size_t count);
/* The next whole frame; its content is good until the next call with this reader. */
bool frame_next(struct frame_reader *reader, struct frame *frame);
/* Forgets half a frame of a host that is gone. */
void frame_forget(struct frame_reader *reader);

void frame_header(unsigned char header[FRAME_HEADER], uint32_t id, uint32_t type, uint32_t length);

struct field {
  uint32_t length;
  const unsigned char *bytes;
};

/*
 * Reads content that is made of fields, each with its length before it. Returns how many there are, or -1 when they do
 * not fill the content exactly or are more than `most`.
 */
int fields_read(const unsigned char *content, uint32_t length, struct field *fields, int most);

#endif
