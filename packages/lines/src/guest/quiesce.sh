# Read by runner.sh: makes a machine nobody in particular, before it is frozen. What actions made stays, and what runs
# keeps what it has open. What is stopped here, a clone that wakes starts again; a clone that boots does so anyway.

# Of what systemd started: timers, or those that fell due while the image lay there would go off in the clone as it
# wakes, and the bus if nobody but systemd is on it, because its id lives in its memory. A timer made on the fly could
# not be started again.
hold_units() {
  : > "$work/held"
  [ -d /run/systemd/system ] || return 0
  for timer in $(systemctl list-units --type=timer --state=active --plain --no-legend | cut -d ' ' -f 1); do
    [ "$(systemctl show --value -p Transient "$timer")" = yes ] || echo "$timer" >> "$work/held"
  done
  [ ! -s "$work/held" ] || systemctl stop $(cat "$work/held")
  # A timer that catches up reads here when it ran last.
  rm -f /var/lib/systemd/timers/stamp-*
  bus=$(systemctl show --value -p MainPID dbus.service)
  if [ "$bus" -gt 0 ] && [ "$(busctl list --unique --no-legend | wc -l)" = 2 ]; then # systemd and who asks
    kill "$bus" && echo dbus.service >> "$work/held"
  fi
}

# Programs read the boot id there; the kernel itself changes it at a boot alone.
cover_boot_id() {
  boot_id=/proc/sys/kernel/random/boot_id
  [ -e "$work/boot_id" ] || { cat $boot_id > "$work/boot_id" && mount -o bind "$work/boot_id" $boot_id; }
}

# Debian empties /tmp at each boot: this image's next boot is none of which its actions would know.
hold_tmp() {
  stock=/usr/lib/tmpfiles.d/tmp.conf own=/etc/tmpfiles.d/tmp.conf
  [ -e $stock ] && [ ! -e $own ] || return 0
  { echo '# vmgrid'; sed 's/^D/d/' $stock; } > $own
}

# Memory that programs gave back still has in it what they had, such as the text of an action. What was given back last
# is handed out first: as much as a good part of what is free, and no more than 64 MiB, is taken and filled with zeros.
wipe_free_memory() {
  free_mib=$(awk '$1 == "MemFree:" { print int($2 / 2048) }' /proc/meminfo)
  [ "$free_mib" -lt 64 ] || free_mib=64
  mkdir -p "$work/wipe"
  mount -t tmpfs -o "size=${free_mib}m,mode=0700" vmgrid "$work/wipe" || return 0
  dd if=/dev/zero of="$work/wipe/zeros" bs=1048576 2> /dev/null
  umount "$work/wipe"
  rmdir "$work/wipe"
}

quiesce() {
  await_boot
  . "$disc/identity.sh"
  rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/vmgrid/network" "$root/var/lib/systemd/random-seed" "$attributes"
  : > "$root/etc/machine-id"
  [ ! -e "$root/etc/vmgrid/name" ] || rename_host vmgrid
  [ -n "$root" ] && return
  find_card
  ip link set "$card" down
  ip address flush dev "$card"
  rm -rf "$out"/*
  hold_units
  cover_boot_id
  hold_tmp
  sync
  fstrim / 2> /dev/null
  wipe_free_memory
  echo 3 > /proc/sys/vm/drop_caches
}

# Once, here, and not in each clone.
warm() {
  perl -e 0 2> /dev/null
  for program in setsid systemctl; do command -v $program > /dev/null && $program --version; done > /dev/null 2>&1
  for applet in base64 date ip mkdir rm sleep tail wc; do "$applet" --help; done > /dev/null 2>&1
}
