/* What quiesce changed so that an image is nobody's. */
#ifndef VMGRID_UNITS_H
#define VMGRID_UNITS_H

/* So that a boot of the image did not empty /tmp, quiesce changed what empties it. */
void units_let_tmp_go(void);
/* Has systemd start what quiesce stopped. */
void units_start_held(void);

#endif
