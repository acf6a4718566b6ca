/* Programs of the guest. */
#ifndef VMGRID_PROGRAM_H
#define VMGRID_PROGRAM_H

#include <sys/types.h>

enum { PROGRAM_SAID = 1024 };

/*
 * Starts a program in a session of its own, without input, and with its output going to `output`. It is looked for in
 * PATH. -1: that was not possible, and errno says why.
 */
pid_t program_start(const char *const argv[], int output);

/*
 * Runs a program to its end, and returns its exit status, 127 when it could not be started. `said`: where the first
 * PROGRAM_SAID bytes of its output go as text; NULL: nowhere.
 */
int program_run(const char *const argv[], char *said);

/* The exit status as a shell has it. */
int program_status(int waited);

#endif
