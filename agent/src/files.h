/* Files of the guest, as identity reads and writes them: paths are absolute, below the root. */
#ifndef VMGRID_FILES_H
#define VMGRID_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A folder to work on in place of the root; then nothing of the machine is changed. */
extern const char *files_root;

enum { PATH_MOST = 512, TEXT_MOST = 1 << 20 };

/* The path below the root, in a buffer of PATH_MOST. */
const char *files_path(char *buffer, const char *path);

/* The whole text of a file, ended by a zero, to be freed; NULL when it is not there, not readable, or too long. */
char *files_read(const char *path);
/* The first line without blanks around it; empty when there is none. `line` has `most` bytes. */
void files_first_line(const char *path, char *line, size_t most);

/*
 * Writes a file where it lies: its blocks and its name stay. What was written is made durable by `files_settle`.
 * Returns whether that was possible.
 */
bool files_write(const char *path, const void *bytes, size_t count, mode_t mode);
bool files_write_text(const char *path, const char *text);

bool files_exist(const char *path);
bool files_is_link(const char *path);
bool files_is_folder(const char *path);
void files_remove(const char *path);
void files_make_folder(const char *path, mode_t mode);

/* Makes all that was written durable, and closes it. Returns whether that was possible. */
bool files_settle(void);

#endif
