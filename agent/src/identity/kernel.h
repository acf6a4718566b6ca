/* What the kernel itself holds of an identity. */
#ifndef VMGRID_KERNEL_H
#define VMGRID_KERNEL_H

#include <stdint.h>

#include "identity.h"

void kernel_reseed(const unsigned char entropy[ENTROPY_BYTES], warner *warn);
void kernel_set_clock(int64_t seconds, int32_t nanoseconds, warner *warn);
void kernel_set_host_name(const char *name, warner *warn);

#endif
