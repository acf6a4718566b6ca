#define _GNU_SOURCE
#include "files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *files_root = "";

/* Written files that are still open, until they are durable. More than any identity writes. */
enum { WRITTEN_MOST = 32 };
static int written[WRITTEN_MOST];
static int written_count;

const char *files_path(char *buffer, const char *path) {
  snprintf(buffer, PATH_MOST, "%s%s", files_root, path);
  return buffer;
}

static int open_below(const char *path, int flags, mode_t mode) {
  char whole[PATH_MOST];
  return open(files_path(whole, path), flags | O_CLOEXEC | O_NOCTTY, mode);
}

/* Reads until the end, or until the buffer is full. */
static size_t read_all(int file, char *to, size_t most) {
  size_t length = 0;
  for (ssize_t count = 1; count > 0 && length < most;) {
    count = read(file, to + length, most - length);
    if (count > 0) length += (size_t)count;
  }
  return length;
}

char *files_read(const char *path) {
  int file = open_below(path, O_RDONLY | O_NONBLOCK, 0);
  if (file < 0) return NULL;
  struct stat found;
  bool fits = fstat(file, &found) == 0 && S_ISREG(found.st_mode) && found.st_size <= TEXT_MOST;
  char *text = fits ? malloc((size_t)found.st_size + 1) : NULL;
  if (text != NULL) text[read_all(file, text, (size_t)found.st_size)] = 0;
  close(file);
  return text;
}

void files_first_line(const char *path, char *line, size_t most) {
  line[0] = 0;
  int file = open_below(path, O_RDONLY | O_NONBLOCK, 0);
  if (file < 0) return;
  ssize_t count = read(file, line, most - 1);
  close(file);
  line[count > 0 ? count : 0] = 0;
  line[strcspn(line, "\n")] = 0;
  char *begin = line + strspn(line, " \t");
  size_t length = strlen(begin);
  while (length > 0 && (begin[length - 1] == ' ' || begin[length - 1] == '\t')) length--;
  memmove(line, begin, length);
  line[length] = 0;
}

static bool write_all(int file, const char *bytes, size_t count) {
  for (size_t done = 0; done < count;) {
    ssize_t some = pwrite(file, bytes + done, count - done, (off_t)done);
    if (some <= 0) return false;
    done += (size_t)some;
  }
  return true;
}

bool files_write(const char *path, const void *bytes, size_t count, mode_t mode) {
  int file = open_below(path, O_WRONLY | O_CREAT, mode);
  if (file < 0) return false;
  struct stat found;
  bool done = fstat(file, &found) == 0 && write_all(file, bytes, count);
  if (done && found.st_size > (off_t)count) done = ftruncate(file, (off_t)count) == 0;
  if (done && written_count < WRITTEN_MOST) {
    written[written_count++] = file;
    return true;
  }
  if (done) done = fdatasync(file) == 0;
  close(file);
  return done;
}

bool files_write_text(const char *path, const char *text) {
  return files_write(path, text, strlen(text), 0644);
}

bool files_settle(void) {
  bool done = true;
  while (written_count > 0) {
    int file = written[--written_count];
    if (fdatasync(file) != 0) done = false;
    close(file);
  }
  return done;
}

bool files_exist(const char *path) {
  char whole[PATH_MOST];
  struct stat found;
  return stat(files_path(whole, path), &found) == 0;
}

bool files_is_link(const char *path) {
  char whole[PATH_MOST];
  struct stat found;
  return lstat(files_path(whole, path), &found) == 0 && S_ISLNK(found.st_mode);
}

bool files_is_folder(const char *path) {
  char whole[PATH_MOST];
  struct stat found;
  return stat(files_path(whole, path), &found) == 0 && S_ISDIR(found.st_mode);
}

void files_remove(const char *path) {
  char whole[PATH_MOST];
  unlink(files_path(whole, path));
}

void files_make_folder(const char *path, mode_t mode) {
  char whole[PATH_MOST];
  mkdir(files_path(whole, path), mode);
}
