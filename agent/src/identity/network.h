/* The network card. */
#ifndef VMGRID_NETWORK_H
#define VMGRID_NETWORK_H

#include "identity.h"

/* Gives the card its address and route, and leaves a script that does the same when the guest is restarted. */
void network_make(const char *mac_address, warner *warn);

/* Until `network_unhush` the card has no addresses of version 6, which would come of the address that it has now. */
void network_hush(void);
void network_unhush(void);

#endif
