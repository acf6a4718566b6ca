/* The port to the host: a virtio port with a name that is known, or a descriptor of whoever starts the agent. */
#ifndef VMGRID_PORT_H
#define VMGRID_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "frames.h"

/* Opens the virtio port of this name. -1: there is none. */
int port_find(const char *name);

enum port_end { PORT_DATA, PORT_AWAY, PORT_CLOSED };

/*
 * Reads what is there, and waits for it. PORT_AWAY: no host is connected, which a virtio port says by reading nothing;
 * the caller is to wait. PORT_CLOSED: a socket that has ended.
 */
enum port_end port_read(int port, struct frame_reader *reader);

/* Sends one frame, and waits until it is taken. */
void port_tell(int port, const struct frame *frame);
void port_tell_text(int port, uint32_t id, uint32_t type, const char *text);

/* Waits a little for a host. */
void port_wait(void);

#endif
