#define _GNU_SOURCE
#include "units.h"

#include <stdlib.h>
#include <string.h>

#include "../files.h"
#include "../run/program.h"

static const char TMP[] = "/etc/tmpfiles.d/tmp.conf";
static const char HELD[] = "/run/vmgrid/held";
enum { HELD_MOST = 256 };

void units_let_tmp_go(void) {
  char first[32];
  files_first_line(TMP, first, sizeof first);
  if (strcmp(first, "# vmgrid") == 0) files_remove(TMP);
}

void units_start_held(void) {
  const char *command[HELD_MOST + 4] = {"systemctl", "start", "--no-block"};
  int words = 3;
  char *names = files_read(HELD);
  if (names == NULL) return;
  char *rest = NULL;
  for (char *name = strtok_r(names, " \n", &rest); name != NULL && words < HELD_MOST + 3;
       name = strtok_r(NULL, " \n", &rest)) {
    command[words++] = name;
  }
  if (words > 3) program_run(command, NULL);
  free(names);
}
