/* The ssh host key of a machine, which the host makes. */
#ifndef VMGRID_HOST_KEY_H
#define VMGRID_HOST_KEY_H

#include "identity.h"

/* Keys of the image never reach a clone, whoever made them. */
void host_key_write(const struct identity *identity, warner *warn);
/* A server that runs reads the new key. */
void host_key_renew_server(void);

#endif
