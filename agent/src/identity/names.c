#define _GNU_SOURCE
#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../files.h"
#include "kernel.h"

static const char GIVEN[] = "/etc/vmgrid/name";
static const char RESOLVER[] = "/etc/resolv.conf";
static const char BUS_ID[] = "/var/lib/dbus/machine-id";
/* Of a clone that did not boot: quiesce put it where the kernel's is read. */
static const char BOOT_ID[] = "/run/vmgrid/boot_id";
static const char OWN_ADDRESS[] = "127.0.1.1 ";

void names_set_resolver(warner *warn) {
  if (files_exist(GIVEN)) return;
  if (files_is_link(RESOLVER)) files_remove(RESOLVER);
  if (!files_write_text(RESOLVER, "nameserver 10.0.2.3\n")) warn("/etc/resolv.conf could not be written");
}

static bool is_own_line(const char *line, size_t length, const char *name) {
  size_t address = sizeof OWN_ADDRESS - 1;
  return length == address + strlen(name) && memcmp(line, OWN_ADDRESS, address) == 0 &&
         memcmp(line + address, name, strlen(name)) == 0;
}

/* The text with the own line of `before` changed to one of `after`; with one at its end if there is to be one. */
static char *hosts_with(const char *text, const char *before, const char *after, bool append) {
  size_t lines = 2;
  for (const char *at = text; *at != 0; at++) lines += *at == '\n';
  char *hosts = malloc(strlen(text) + lines * (sizeof OWN_ADDRESS + NAME_MOST) + 1);
  if (hosts == NULL) return NULL;
  char *to = hosts;
  bool listed = false;
  for (const char *line = text; *line != 0;) {
    size_t length = strcspn(line, "\n");
    bool own = is_own_line(line, length, before);
    if (own) to += sprintf(to, "%s%s\n", OWN_ADDRESS, after);
    else to += sprintf(to, "%.*s\n", (int)length, line);
    listed = listed || own;
    line += length + (line[length] == '\n');
  }
  if (append && !listed) to += sprintf(to, "%s%s\n", OWN_ADDRESS, after);
  *to = 0;
  return hosts;
}

static bool rename_in_hosts(const char *given, const char *name) {
  char *text = files_read("/etc/hosts");
  if (text == NULL && files_exist("/etc/hosts")) return false;
  bool first = given[0] == 0;
  char *hosts = hosts_with(text == NULL ? "" : text, first ? name : given, name, first);
  bool done = hosts != NULL && files_write_text("/etc/hosts", hosts);
  free(hosts);
  free(text);
  return done;
}

static bool write_line(const char *path, const char *text) {
  char line[PATH_MOST + 1];
  snprintf(line, sizeof line, "%s\n", text);
  return files_write_text(path, line);
}

void names_rename_host(const char *name, warner *warn) {
  char given[PATH_MOST];
  char present[PATH_MOST];
  files_first_line(GIVEN, given, sizeof given);
  files_first_line("/etc/hostname", present, sizeof present);
  /* A name that an action chose stays. */
  const char *kept = given[0] != 0 && strcmp(present, given) != 0 ? present : name;
  if (!write_line("/etc/hostname", kept)) warn("/etc/hostname could not be written");
  if (strlen(given) >= NAME_MOST || !rename_in_hosts(given, name)) warn("/etc/hosts could not be read or written");
  if (!write_line(GIVEN, name)) warn("/etc/vmgrid/name could not be written");
  kernel_set_host_name(kept, warn);
}

void names_set_ids(const struct identity *identity, warner *warn) {
  if (!write_line("/etc/machine-id", identity->machine_id)) warn("/etc/machine-id could not be written");
  if (files_exist(BUS_ID) && !files_is_link(BUS_ID)) write_line(BUS_ID, identity->machine_id);
  if (identity->boot_id[0] != 0 && files_exist(BOOT_ID)) write_line(BOOT_ID, identity->boot_id);
}
