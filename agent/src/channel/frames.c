#include "frames.h"

#include <string.h>

static const unsigned char MAGIC[4] = {'v', 'm', 'g', 'a'};

static uint32_t number_at(const unsigned char *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_number(unsigned char *at, uint32_t number) {
  for (int byte = 0; byte < 4; byte++) at[byte] = (unsigned char)(number >> (8 * byte));
}

unsigned char *frame_space(struct frame_reader *reader, size_t *room) {
  if (reader->begin > 0) {
    memmove(reader->bytes, reader->bytes + reader->begin, reader->end - reader->begin);
    reader->end -= reader->begin;
    reader->begin = 0;
  }
  *room = sizeof reader->bytes - reader->end;
  return reader->bytes + reader->end;
}

void frame_filled(struct frame_reader *reader, size_t count) {
  reader->end += count;
}

void frame_forget(struct frame_reader *reader) {
  reader->begin = reader->end = 0;
}

/* Moves to where a frame may begin; whether a whole header is there. */
static bool find_header(struct frame_reader *reader) {
  while (reader->end - reader->begin >= FRAME_HEADER) {
    const unsigned char *at = reader->bytes + reader->begin;
    if (memcmp(at, MAGIC, sizeof MAGIC) == 0 && number_at(at + 4) <= FRAME_CONTENT_MOST) return true;
    size_t left = reader->end - reader->begin - 1;
    const unsigned char *next = memchr(at + 1, MAGIC[0], left);
    reader->begin = next ? (size_t)(next - reader->bytes) : reader->end;
  }
  return false;
}

bool frame_next(struct frame_reader *reader, struct frame *frame) {
  if (!find_header(reader)) return false;
  const unsigned char *at = reader->bytes + reader->begin;
  size_t whole = FRAME_HEADER + (size_t)number_at(at + 4);
  if (reader->end - reader->begin < whole) return false;
  frame->length = number_at(at + 4);
  frame->id = number_at(at + 8);
  frame->type = number_at(at + 12);
  frame->content = at + FRAME_HEADER;
  reader->begin += whole;
  return true;
}

void frame_header(unsigned char header[FRAME_HEADER], uint32_t id, uint32_t type, uint32_t length) {
  memcpy(header, MAGIC, sizeof MAGIC);
  put_number(header + 4, length);
  put_number(header + 8, id);
  put_number(header + 12, type);
}

int fields_read(const unsigned char *content, uint32_t length, struct field *fields, int most) {
  int count = 0;
  for (uint32_t at = 0; at < length; count++) {
    if (count == most || length - at < 4) return -1;
    uint32_t field = number_at(content + at);
    at += 4;
    if (field > length - at) return -1;
    fields[count].length = field;
    fields[count].bytes = content + at;
    at += field;
  }
  return count;
}
