# Read by runner.sh: gives a machine an identity of its own, which its image has not, or has for itself. Changed is
# only what vmgrid made itself: a name, a hosts line or a resolver that an action chose stays.

# busybox knows whole seconds only.
set_clock() {
  date -s "@$1" > /dev/null 2>&1 || date -s "@${1%.*}" > /dev/null 2>&1
}

reseed() {
  # 0x40085203 RNDADDENTROPY, 0x5207 RNDRESEEDCRNG (linux/random.h). Without the second one all clones of an image go
  # on with the same numbers for up to a minute, whatever was written to /dev/random.
  perl -e '
    open(my $seed, "<:raw", $ARGV[0]) || exit 1;
    read($seed, my $bytes, 512) == 512 || exit 1;
    open(my $random, "+<:raw", "/dev/random") || exit 1;
    ioctl($random, 0x40085203, pack("ii", 4096, 512) . $bytes) || exit 1;
    ioctl($random, 0x5207, 0) || exit 1;' "$disc/entropy" 2> /dev/null && return
  cat "$disc/entropy" > /dev/urandom
  echo "warning $(echo 'the random numbers of this guest could not be reseeded at once' | text64)"
}

# Copies a small text without starting a process.
copy_text() {
  while IFS= read -r line; do printf '%s\n' "$line"; done < "$1" > "$2"
}

# rename_host NAME: where the guest has the name that vmgrid gave it last, which is in /etc/vmgrid/name; everywhere at
# the first time.
rename_host() {
  given= present= hosts= listed=no
  if [ -e "$root/etc/vmgrid/name" ]; then read -r given < "$root/etc/vmgrid/name"; fi
  if [ -e "$root/etc/hostname" ]; then read -r present < "$root/etc/hostname"; fi
  [ -n "$given" ] && [ "$present" != "$given" ] || present=$1
  echo "$present" > "$root/etc/hostname"
  while IFS= read -r line || [ -n "$line" ]; do
    [ "$line" != "127.0.1.1 ${given:-$1}" ] || line="127.0.1.1 $1" listed=yes
    hosts="$hosts$line
"
  done < "$root/etc/hosts"
  [ -n "$given" ] || [ "$listed" = yes ] || hosts="${hosts}127.0.1.1 $1
"
  printf '%s' "$hosts" > "$root/etc/hosts"
  echo "$1" > "$root/etc/vmgrid/name"
}

name_machine() {
  echo "$machine_id" > "$root/etc/machine-id"
  own=$root/var/lib/dbus/machine-id
  if [ -e "$own" ] && [ ! -h "$own" ]; then echo "$machine_id" > "$own"; fi
  # Of a clone that did not boot: quiesce put it where the kernel's is read.
  if [ -e "$work/boot_id" ]; then echo "$boot_id" > "$work/boot_id"; fi
}

# One that runs has the keys of its image in memory; one that a boot was to start found none. With a socket of
# systemd's it would not survive a HUP.
renew_ssh_server() {
  if [ -s "$root/run/sshd.pid" ]; then
    read -r server < "$root/run/sshd.pid"
    if systemctl -q is-active ssh.service 2> /dev/null; then systemctl restart ssh.service; else kill -HUP "$server"; fi
  elif [ -e "$root/etc/systemd/system/multi-user.target.wants/ssh.service" ]; then
    systemctl -q is-failed ssh.service && systemctl restart ssh.service
  fi
}

install_host_key() {
  [ -d "$root/etc/ssh" ] || return 0
  key=$root/etc/ssh/ssh_host_ed25519_key
  for old in "$root"/etc/ssh/ssh_host_*; do
    [ ! -e "$old" ] || rm -f "$old"
  done
  umask 077
  copy_text "$disc/hostkey" "$key"
  umask 022
  copy_text "$disc/hostkey.pub" "$key.pub"
  renew_ssh_server
  read -r type public _ < "$disc/hostkey.pub"
  printf 'SshHostKey = "%s %s"\n' "$type" "$public" > "$attributes"
  report_attributes -
}

# The name of the network card, of which systems have their own ideas. Under UML there is none yet, and it is renamed.
find_card() {
  card=eth0
  [ ! -e "$root/sys/class/net/eth0" ] || return
  for link in "$root"/sys/class/net/*; do
    if [ -e "$link/device" ] && [ "${link##*/}" != vec0 ]; then card=${link##*/}; fi
  done
}

# The script stays: the guest runs it again when it is restarted.
make_network() {
  find_card
  printf '%s\n' "[ -e /sys/class/net/$card ] || ip link set vec0 name $card
ip link set $card down
ip link set $card address $mac_address
ip address flush dev $card
ip address add 10.0.2.15/24 dev $card
ip link set $card up
ip route replace default via 10.0.2.2" > "$root/etc/vmgrid/network"
  # Under UML there is no card yet.
  [ -n "$root" ] || [ ! -e "/sys/class/net/$card" ] || . /etc/vmgrid/network > /dev/null 2>&1
}

grow_disk() {
  [ "$grow_disk" = yes ] || return 0
  while read -r device folder _; do [ "$folder" != / ] || root_device=$device; done < /proc/mounts
  resize2fs "$root_device" > "$out/resize" 2>&1 || {
    echo "warning $(text64 < "$out/resize")"
    return 0
  }
}

# The host answers `identity` by opening the network, within milliseconds: look often at first. Under UML the card
# comes only then, and each look takes as long as ten elsewhere.
await_carrier() {
  find_card
  now_cs
  looks=0
  deadline=$((now + carrier_deadline_s * 100))
  while [ "$now" -lt "$deadline" ]; do
    { read -r carrier < "$root/sys/class/net/$card/carrier"; } 2> /dev/null && [ "$carrier" = 1 ] && return
    [ -n "$root" ] || [ ! -e /sys/class/net/vec0 ] || . /etc/vmgrid/network > /dev/null 2>&1
    looks=$((looks + 1))
    [ "$looks" -lt 200 ] && [ -e "$root/sys/class/net/$card" ] || sleep 0.05
    now_cs
  done
  echo "warning $(echo "the network was not opened within $carrier_deadline_s s" | text64)"
}

# Once for each disk. A link leads to what a resolver of the guest's own writes, which knows nothing of this network.
set_resolver() {
  [ ! -e "$root/etc/vmgrid/name" ] || return 0
  [ ! -h "$root/etc/resolv.conf" ] || rm -f "$root/etc/resolv.conf"
  echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"
}

# The journal goes on in a folder and under ids that nobody looks for any more: its files move, and its daemon starts
# anew.
move_journal() {
  [ -d "$root/run/systemd/journal" ] || return 0
  for folder in "$root/run/log/journal" "$root/var/log/journal"; do
    for old in "$folder"/*; do
      id=${old##*/}
      [ -e "$old/system.journal" ] && [ "$id" != "$machine_id" ] || continue
      journal=$folder/$machine_id
      [ -e "$journal" ] || mkdir -m 2755 "$journal"
      mv "$old/system.journal" "$journal/system@0000000000000000-${id%????????????????}.journal~"
      mv "$old"/* "$journal" 2> /dev/null
      rm -rf "$old"
    done
  done
  # shellcheck disable=SC2046 # numbers: a namespace has a journal of its own
  [ -n "$root" ] || kill $(pidof systemd-journald)
}

# What may not run while a machine sleeps, quiesce has stopped.
start_held() {
  [ ! -s "$work/held" ] || systemctl start --no-block $(cat "$work/held") > /dev/null 2>&1
}

# So that a boot of the image did not empty /tmp, quiesce changed what empties it.
let_tmp_go() {
  own=$root/etc/tmpfiles.d/tmp.conf
  [ -e "$own" ] || return 0
  read -r first < "$own"
  [ "$first" != '# vmgrid' ] || rm -f "$own"
}

# The clock comes late: what is due by it finds the machine with its new name.
identity() {
  . "$disc/identity"
  [ -d "$root/etc/vmgrid" ] || mkdir -p "$root/etc/vmgrid"
  [ -n "$root" ] || reseed
  set_resolver
  rename_host "$host_name"
  [ -n "$root" ] || echo "$present" > /proc/sys/kernel/hostname
  name_machine
  install_host_key
  make_network
  grow_disk
  let_tmp_go
  [ -n "$root" ] || set_clock "$1"
  move_journal
  echo identity
  start_held
  [ ! -d "$root/sys/class/net" ] || await_carrier
}
