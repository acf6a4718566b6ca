/* The conversation with the host. */
#ifndef VMGRID_SERVE_H
#define VMGRID_SERVE_H

/* Answers the host for as long as the port is open. */
void serve(int port);

#endif
