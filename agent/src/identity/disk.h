/* A disk that is larger than the image's. */
#ifndef VMGRID_DISK_H
#define VMGRID_DISK_H

#include "identity.h"

/* Makes the root file system as large as its disk. It takes a program of the guest's. */
void disk_grow(warner *warn);

#endif
