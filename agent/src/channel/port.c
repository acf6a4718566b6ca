#define _GNU_SOURCE
#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char PORTS[] = "/sys/class/virtio-ports";
/* Milliseconds between looks for a host: no event says that one has come. */
enum { WAIT_MS = 50 };

static bool has_name(const char *entry, const char *name) {
  char path[512];
  char text[64];
  snprintf(path, sizeof path, "%s/%s/name", PORTS, entry);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return false;
  text[count] = 0;
  text[strcspn(text, "\n")] = 0;
  return strcmp(text, name) == 0;
}

int port_find(const char *name) {
  DIR *ports = opendir(PORTS);
  if (ports == NULL) return -1;
  int port = -1;
  for (struct dirent *entry = readdir(ports); entry != NULL && port < 0; entry = readdir(ports)) {
    if (entry->d_name[0] == '.' || !has_name(entry->d_name, name)) continue;
    char path[512];
    snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    port = open(path, O_RDWR | O_CLOEXEC);
  }
  closedir(ports);
  return port;
}

enum port_end port_read(int port, struct frame_reader *reader) {
  size_t room;
  unsigned char *to = frame_space(reader, &room);
  ssize_t count = read(port, to, room);
  if (count > 0) {
    frame_filled(reader, (size_t)count);
    return PORT_DATA;
  }
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return PORT_DATA;
  frame_forget(reader);
  struct stat kind;
  return fstat(port, &kind) == 0 && S_ISCHR(kind.st_mode) ? PORT_AWAY : PORT_CLOSED;
}

void port_wait(void) {
  struct timespec time = {.tv_nsec = WAIT_MS * 1000000};
  nanosleep(&time, NULL);
}

static void send_all(int port, const unsigned char *bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    ssize_t some = write(port, bytes + done, count - done);
    if (some > 0) done += (size_t)some;
    else if (some < 0 && errno == EAGAIN) port_wait();
    else if (some == 0 || errno != EINTR) return;
  }
}

/* In one piece, which the kernel hands over at once. */
void port_tell(int port, const struct frame *frame) {
  static unsigned char whole[FRAME_HEADER + FRAME_CONTENT_MOST];
  frame_header(whole, frame->id, frame->type, frame->length);
  memcpy(whole + FRAME_HEADER, frame->content, frame->length);
  send_all(port, whole, FRAME_HEADER + (size_t)frame->length);
}

void port_tell_text(int port, uint32_t id, uint32_t type, const char *text) {
  struct frame frame = {.id = id, .type = type, .length = (uint32_t)strlen(text), .content = (const void *)text};
  port_tell(port, &frame);
}
