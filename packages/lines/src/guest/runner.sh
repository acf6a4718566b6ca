#!/bin/sh
# Runs in the guest as root, from the config disc. POSIX sh: dash and busybox.
#
#   runner.sh DISC COMMAND...      (or read with `.`, its arguments set)
#     identity EPOCH     give this clone a time, entropy, names, host key and network of its own
#     run FIRST LAST     run the actions FIRST to LAST of the disc
#     quiesce            remove what must not be in a golden image, before the machine is frozen
#     warm               read back what every clone does first: before its memory is kept
#
# Standard output is the report (report.ts parses it): one event a line, text in base64. An action's output goes to a file on
# a small file system in memory: neither a full disk, nor a flood of output, nor a daemon left behind stops the report.
#
# VMGRID_ROOT is for its tests: a folder to work on in place of the root, which says how long the machine is up, in which case
# nothing of the machine is changed.
set -u
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
cd / || exit 1

disc=$1
shift
root=${VMGRID_ROOT:-}
work=$root/run/vmgrid
out=$work/out
attributes=$work/attributes
output_mib=16
output_chars=4096
attribute_chars=65536
kill_after_s=5
carrier_deadline_s=30

# Hundredths of a second since boot, without a process. The 1 before the fraction: a number that begins with 0 would be octal.
now_cs() {
  read -r up _ < "$root/proc/uptime"
  now=$((${up%.*} * 100 + 1${up#*.} - 100))
}

prepare() {
  [ -e "$out/.mounted" ] && return
  mkdir -p "$out"
  [ -n "$root" ] || mount -t tmpfs -o "size=${output_mib}m,mode=0700,nosuid,nodev" vmgrid "$out"
  : > "$out/.mounted"
}

# A static busybox starts five times faster under emulation than a program that must be linked first. Actions do not see it.
if [ -x "$root/bin/busybox" ]; then
  box=/bin/busybox
  for applet in base64 date ip mkdir mount rm sleep tail wc; do
    eval "$applet() { /bin/busybox $applet \"\$@\"; }"
  done
else
  box=
fi

text64() { base64 -w0; }

# --- identity

# busybox knows whole seconds only.
set_clock() {
  date -s "@$1" > /dev/null 2>&1 || date -s "@${1%.*}" > /dev/null 2>&1
}

reseed() {
  # 0x40085203 RNDADDENTROPY, 0x5207 RNDRESEEDCRNG (linux/random.h). Without the second one all clones of an image go on with
  # the same numbers for up to a minute, whatever was written to /dev/random.
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

name_host() {
  echo "$machine_id" > "$root/etc/machine-id"
  echo "$host_name" > "$root/etc/hostname"
  [ -n "$root" ] || echo "$host_name" > /proc/sys/kernel/hostname
  hosts=
  while IFS= read -r line; do
    case $line in 127.0.1.1*) ;; *) hosts="$hosts$line
" ;; esac
  done < "$root/etc/hosts"
  printf '%s127.0.1.1 %s\n' "$hosts" "$host_name" > "$root/etc/hosts"
}

install_host_key() {
  [ -d "$root/etc/ssh" ] || return 0
  key=$root/etc/ssh/ssh_host_ed25519_key
  for old in "$root"/etc/ssh/ssh_host_*; do
    [ -e "$old" ] && rm -f "$old"
  done
  umask 077
  copy_text "$disc/hostkey" "$key"
  umask 022
  copy_text "$disc/hostkey.pub" "$key.pub"
  read -r type public _ < "$disc/hostkey.pub"
  printf 'SshHostKey = "%s %s"\n' "$type" "$public" > "$attributes"
  report_attributes -
}

# The script stays: the guest runs it again when it is restarted.
make_network() {
  [ -d "$root/etc/vmgrid" ] || mkdir -p "$root/etc/vmgrid"
  printf '%s\n' "[ -e /sys/class/net/eth0 ] || ip link set vec0 name eth0
ip link set eth0 down
ip link set eth0 address $mac_address
ip address flush dev eth0
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
ip route replace default via 10.0.2.2" > "$root/etc/vmgrid/network"
  echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"
  # Under UML there is no card yet.
  [ -n "$root" ] || [ ! -e /sys/class/net/eth0 ] || . "$root/etc/vmgrid/network" > /dev/null 2>&1
}

grow_disk() {
  [ "$grow_disk" = yes ] || return 0
  while read -r device folder _; do [ "$folder" != / ] || root_device=$device; done < /proc/mounts
  resize2fs "$root_device" > "$out/resize" 2>&1 || {
    echo "warning $(text64 < "$out/resize")"
    return 0
  }
}

# The host answers `identity` by opening the network, within milliseconds: look often at first. Under UML the card comes only then,
# and each look takes as long as ten elsewhere.
await_carrier() {
  now_cs
  looks=0
  deadline=$((now + carrier_deadline_s * 100))
  while [ "$now" -lt "$deadline" ]; do
    { read -r carrier < /sys/class/net/eth0/carrier; } 2> /dev/null && [ "$carrier" = 1 ] && return
    [ ! -e /sys/class/net/vec0 ] || . "$root/etc/vmgrid/network" > /dev/null 2>&1
    looks=$((looks + 1))
    [ "$looks" -lt 200 ] && [ -e /sys/class/net/eth0 ] || sleep 0.05
    now_cs
  done
  echo "warning $(echo "the network was not opened within $carrier_deadline_s s" | text64)"
}

identity() {
  . "$disc/identity"
  [ -n "$root" ] || set_clock "$1"
  [ -n "$root" ] || reseed
  name_host
  install_host_key
  make_network
  grow_disk
  echo identity
  [ -n "$root" ] || await_carrier
}

# --- actions

report_attributes() {
  [ -s "$attributes" ] || return 0
  if [ "$(wc -c < "$attributes")" -gt $attribute_chars ]; then
    echo "attributes-too-long $1"
  else
    echo "attributes $1 $(text64 < "$attributes")"
  fi
  rm -f "$attributes"
}

# shellcheck disable=SC2086 # $box is one word or none
# supervise SECONDS COMMAND...: in a session of its own, output to $log; sets $code, $elapsed (ms) and $timed_out.
supervise() {
  limit=$1
  shift
  now_cs
  began=$now
  (
    set -- $box setsid $box timeout -k "$kill_after_s" "$limit" "$@"
    export VMGRID_ATTRIBUTES="$attributes"
    # Last: a client's variable may have the name of one of ours.
    [ "$environment" = yes ] && . "$disc/e$id"
    exec "$@"
  ) > "$log" 2>&1 < /dev/null &
  leader=$!
  wait "$leader"
  code=$?
  now_cs
  elapsed=$(((now - began) * 10))
  timed_out=no
  if [ "$elapsed" -ge $((limit * 1000)) ]; then
    timed_out=yes
    [ "$code" -ne 0 ] || code=124
    # What ignored the request to end is ended; a daemon of an action that ended by itself lives on.
    kill -KILL -- "-$leader" 2> /dev/null
  fi
  return "$code"
}

put_file() {
  target=$root$file_path
  if [ -d "$target" ]; then
    echo "$file_path is a directory"
    return 1
  fi
  folder=${target%/*}
  [ -d "$folder/" ] || mkdir -p "$folder" || return 1
  new=$folder/.vmgrid.$id
  cat "$disc/s$id" > "$new" && chmod "$file_mode" "$new" && chown "$file_owner" "$new" && mv -f "$new" "$target" && return
  rm -f "$new"
  return 1
}

# Lists a base image does not carry are fetched once; stale ones are fetched again when they lead nowhere.
PACKAGE_SCRIPT='
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=60 install --no-install-recommends -- "$@"
}
ls /var/lib/apt/lists/*_Packages* > /dev/null 2>&1 || apt-get -q update || exit
install "$@" || { apt-get -q update && install "$@"; }
'

attempt() {
  case $kind in
    script) supervise "$timeout_s" "$@" ;;
    # shellcheck disable=SC2086 # names have neither blanks nor wildcards
    package) supervise "$timeout_s" /bin/sh -c "$PACKAGE_SCRIPT" vmgrid $packages ;;
    file)
      now_cs
      began=$now timed_out=no
      put_file > "$log" 2>&1
      code=$?
      now_cs
      elapsed=$(((now - began) * 10))
      return "$code"
      ;;
  esac
}

recover() {
  [ "$recovers" = yes ] || return 0
  log=$out/$id.recover
  supervise "$timeout_s" /bin/sh -e "$disc/r$id"
  echo "recovered $index $code $elapsed"
  rm -f "$log"
}

report_output() {
  [ "$secret" = no ] && [ -s "$log" ] && echo "output $index $(tail -c $output_chars "$log" | text64)"
  rm -f "$log"
}

# Runs one action with its retries; fails when the rest is not to run.
run_action() {
  index=$1
  id=$1
  . "$disc/a$id"
  if [ "$interpreter" = own ]; then set -- "$disc/s$id"; else set -- /bin/sh -e "$disc/s$id"; fi
  tries=0
  total=0
  while :; do
    tries=$((tries + 1))
    log=$out/$id.$tries
    rm -f "$attributes"
    : > "$attributes"
    echo "begin $index $tries"
    attempt "$@"
    total=$((total + elapsed))
    [ "$code" -eq 0 ] && break
    failed_code=$code failed_timed_out=$timed_out
    report_output
    recover
    code=$failed_code timed_out=$failed_timed_out
    [ "$tries" -gt "$retries" ] && break
  done
  if [ "$code" -eq 0 ]; then
    report_attributes "$index"
    log=$out/$id.$tries
    report_output
  fi
  echo "end $index $code $timed_out $total $tries"
  [ "$code" -eq 0 ] || [ "$on_error" = continue ]
}

run() {
  next=$1
  while [ "$next" -le "$2" ]; do
    if [ -e "$disc/a$next" ]; then
      run_action "$next" || { echo "stopped $next"; return; }
    fi
    next=$((next + 1))
  done
}

# --- before suspension

quiesce() {
  rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/vmgrid/network" "$root/root/.bash_history" "$attributes"
  : > "$root/etc/machine-id"
  echo vmgrid > "$root/etc/hostname"
  [ -n "$root" ] && return
  ip link set eth0 down
  ip address flush dev eth0
  rm -rf /tmp/* /var/tmp/* "$out"/*
  journalctl -q --rotate
  journalctl -q --vacuum-time=1s 2> /dev/null
  find /var/log -type f -exec truncate -s 0 {} +
  apt-get clean 2> /dev/null
  sync
  fstrim / 2> /dev/null
  echo 3 > /proc/sys/vm/drop_caches
}

# Once, here, and not in each clone.
warm() {
  for program in perl timeout setsid; do command -v "$program" > /dev/null && "$program" --version; done > /dev/null 2>&1
  for applet in base64 date ip mkdir rm sleep tail wc; do "$applet" --help; done > /dev/null 2>&1
}

prepare
while [ $# -gt 0 ]; do
  command=$1
  shift
  case $command in
    identity) identity "$1"; shift ;;
    run) run "$1" "$2"; shift 2 ;;
    quiesce) quiesce ;;
    warm) warm ;;
    *) echo "broken $(echo "unknown command $command" | text64)"; exit 2 ;;
  esac
done
echo finished
