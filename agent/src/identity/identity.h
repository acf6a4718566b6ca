/*
 * Gives a machine an identity of its own, which its image has not, or has for itself. Changed is only what vmgrid made
 * itself: a name, a hosts line or a resolver that an action chose stays. Does what identity.sh does, by the same rules,
 * and starts no program but where there is no other way: for an ssh server that runs, and for a disk that has grown.
 */
#ifndef VMGRID_IDENTITY_H
#define VMGRID_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

enum {
  NAME_MOST = 64,
  MACHINE_ID_CHARS = 32,
  BOOT_ID_CHARS = 36,
  MAC_CHARS = 17,
  KEY_MOST = 4096,
  ENTROPY_BYTES = 512,
};

/* Texts end with a zero. */
struct identity {
  int64_t seconds;
  int32_t nanoseconds;
  bool grow_disk;
  char host_name[NAME_MOST];
  char mac_address[MAC_CHARS + 1];
  char machine_id[MACHINE_ID_CHARS + 1];
  char boot_id[BOOT_ID_CHARS + 1];
  char host_key[KEY_MOST];
  char public_key[KEY_MOST];
  unsigned char entropy[ENTROPY_BYTES];
};

/* Reads the content of a frame. Returns what is wrong with it, or NULL. */
const char *identity_read(const unsigned char *content, uint32_t length, struct identity *identity);

/* Called with each problem that does not stop the guest from working. */
typedef void warner(const char *text);

/*
 * Before a machine is frozen with its memory: does what a clone will do, with an identity that is nobody's. Then the
 * clone finds the files that it writes, and the card, as it needs them, and all that it reads in memory.
 */
void identity_rehearse(warner *warn);

/* What must be done before the network opens. */
void identity_give(const struct identity *identity, warner *warn);

/* The rest: when it returns, what was written is on the disk. */
void identity_settle(const struct identity *identity, warner *warn);

/* What only serves what comes later, such as timers that were stopped when the image was made. */
void identity_release(void);

#endif
