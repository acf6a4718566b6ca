/* Names and numbers by which others know a machine. */
#ifndef VMGRID_NAMES_H
#define VMGRID_NAMES_H

#include "identity.h"

/*
 * Once for each disk. A link leads to what a resolver of the guest's own writes, which knows nothing of this network.
 */
void names_set_resolver(warner *warn);
/* Where the guest has the name that vmgrid gave it last, which is in /etc/vmgrid/name; everywhere at the first time. */
void names_rename_host(const char *name, warner *warn);
void names_set_ids(const struct identity *identity, warner *warn);

#endif
