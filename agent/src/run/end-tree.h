#ifndef VMGRID_END_TREE_H
#define VMGRID_END_TREE_H

#include <sys/types.h>

/* Kills a process and all that it has started, whatever sessions and groups they have made themselves. */
void end_tree(pid_t leader);

#endif
