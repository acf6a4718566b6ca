#define _GNU_SOURCE
#include "kernel.h"

#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../files.h"

/*
 * Without RNDRESEEDCRNG all clones of an image go on with the same numbers for up to a minute, whatever was written to
 * /dev/random.
 */
void kernel_reseed(const unsigned char entropy[ENTROPY_BYTES], warner *warn) {
  if (files_root[0] != 0) return;
  struct {
    int bits;
    int bytes;
    unsigned char pool[ENTROPY_BYTES];
  } added = {.bits = 8 * ENTROPY_BYTES, .bytes = ENTROPY_BYTES};
  memcpy(added.pool, entropy, ENTROPY_BYTES);
  int device = open("/dev/random", O_RDWR | O_CLOEXEC);
  bool done = device >= 0 && ioctl(device, RNDADDENTROPY, &added) == 0 && ioctl(device, RNDRESEEDCRNG) == 0;
  if (device >= 0) close(device);
  explicit_bzero(&added, sizeof added);
  if (!done) warn("the random numbers of this guest could not be reseeded");
}

void kernel_set_clock(int64_t seconds, int32_t nanoseconds, warner *warn) {
  if (files_root[0] != 0) return;
  struct timespec time = {.tv_sec = seconds, .tv_nsec = nanoseconds};
  if (clock_settime(CLOCK_REALTIME, &time) != 0) warn("the clock could not be set");
}

void kernel_set_host_name(const char *name, warner *warn) {
  if (files_root[0] != 0) return;
  if (sethostname(name, strlen(name)) != 0) warn("the kernel did not take the host name");
}
