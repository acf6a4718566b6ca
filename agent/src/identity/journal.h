/* systemd's journal. */
#ifndef VMGRID_JOURNAL_H
#define VMGRID_JOURNAL_H

/*
 * The journal goes on in a folder and under ids that nobody looks for any more: its files move, and its daemon is told
 * to end, which systemd starts anew.
 */
void journal_move(const char *machine_id);

#endif
