#define _GNU_SOURCE
#include "identity.h"

#include <string.h>

#include "disk.h"
#include "../files.h"
#include "../channel/frames.h"
#include "host-key.h"
#include "journal.h"
#include "kernel.h"
#include "names.h"
#include "network.h"
#include "units.h"

enum { FIELDS = 9 };

static bool take_text(struct field field, char *to, size_t most) {
  if (field.length >= most || memchr(field.bytes, 0, field.length) != NULL) return false;
  memcpy(to, field.bytes, field.length);
  to[field.length] = 0;
  return true;
}

static bool consists_of(const char *text, const char *allowed) {
  return text[0] != 0 && text[strspn(text, allowed)] == 0;
}

static bool take_exact(struct field field, char *to, size_t chars, const char *allowed) {
  return field.length == chars && take_text(field, to, chars + 1) && consists_of(to, allowed);
}

/* Nanoseconds since 1970 as digits. */
static bool take_time(struct field field, struct identity *identity) {
  if (field.length == 0 || field.length > 19) return false;
  int64_t nanoseconds = 0;
  for (uint32_t at = 0; at < field.length; at++) {
    int digit = field.bytes[at] - '0';
    if (digit < 0 || digit > 9) return false;
    if (nanoseconds > (INT64_MAX - digit) / 10) return false;
    nanoseconds = nanoseconds * 10 + digit;
  }
  identity->seconds = nanoseconds / 1000000000;
  identity->nanoseconds = (int32_t)(nanoseconds % 1000000000);
  return true;
}

static bool take_entropy(struct field field, unsigned char *to) {
  if (field.length != ENTROPY_BYTES) return false;
  memcpy(to, field.bytes, ENTROPY_BYTES);
  return true;
}

static bool take_answer(struct field field, bool *to) {
  *to = field.length == 1 && field.bytes[0] == 'y';
  return field.length == 1 && (*to || field.bytes[0] == 'n');
}

const char *identity_read(const unsigned char *content, uint32_t length, struct identity *identity) {
  static const char DIGITS[] = "0123456789abcdef";
  static const char NAMES[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  struct field field[FIELDS];
  if (fields_read(content, length, field, FIELDS) != FIELDS) return "an identity has nine fields";
  if (!take_time(field[0], identity)) return "the time is no number";
  if (!take_answer(field[1], &identity->grow_disk)) return "whether the disk grows is neither y nor n";
  bool named = take_text(field[2], identity->host_name, NAME_MOST) && consists_of(identity->host_name, NAMES);
  if (!named) return "the host name is none";
  if (!take_exact(field[3], identity->mac_address, MAC_CHARS, "0123456789abcdefABCDEF:")) return "the address is none";
  if (!take_exact(field[4], identity->machine_id, MACHINE_ID_CHARS, DIGITS)) return "the machine id is none";
  if (!take_exact(field[5], identity->boot_id, BOOT_ID_CHARS, "0123456789abcdef-")) return "the boot id is none";
  if (!take_text(field[6], identity->host_key, KEY_MOST)) return "the host key is too long, or no text";
  if (!take_text(field[7], identity->public_key, KEY_MOST)) return "the public key is too long, or no text";
  if (!take_entropy(field[8], identity->entropy)) return "there are not 512 random bytes";
  return NULL;
}

void identity_rehearse(warner *warn) {
  static const struct identity NOBODY = {
    .host_name = "vmgrid",
    .mac_address = "02:00:00:00:00:00",
    .machine_id = "ffffffffffffffffffffffffffffffff",
    .host_key = "a clone has its own\n",
    .public_key = "a clone has its own\n",
  };
  files_make_folder("/etc/vmgrid", 0755);
  for (int times = 0; times < 2; times++) {
    kernel_reseed(NOBODY.entropy, warn);
    names_rename_host(NOBODY.host_name, warn);
    names_set_ids(&NOBODY, warn);
    host_key_write(&NOBODY, warn);
    network_make(NOBODY.mac_address, warn);
  }
  network_hush();
  if (!files_settle()) warn("the files of the identity could not be written to the disk");
}

/* The clock comes last: what is due by it finds the machine with its new name. */
void identity_give(const struct identity *identity, warner *warn) {
  files_make_folder("/etc/vmgrid", 0755);
  kernel_reseed(identity->entropy, warn);
  names_set_resolver(warn);
  names_rename_host(identity->host_name, warn);
  names_set_ids(identity, warn);
  host_key_write(identity, warn);
  host_key_renew_server();
  network_make(identity->mac_address, warn);
  if (identity->grow_disk) disk_grow(warn);
  units_let_tmp_go();
  kernel_set_clock(identity->seconds, identity->nanoseconds, warn);
}

void identity_settle(const struct identity *identity, warner *warn) {
  network_unhush();
  journal_move(identity->machine_id);
  if (!files_settle()) warn("the files of the identity could not be written to the disk");
}

void identity_release(void) {
  units_start_held();
}
