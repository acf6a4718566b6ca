#!/bin/sh
# Runs in the guest as root, from the config disc. POSIX sh: dash and busybox.
#
#   runner.sh DISC COMMAND...
#     identity EPOCH     give this clone a time, entropy, names, host key and network of its own
#     run FIRST LAST     run the actions FIRST to LAST of the disc
#     quiesce            remove what must not be in a golden image, before the machine is suspended
#
# Standard output is the report (report.ts parses it): one event a line, text in base64. An action's output goes to a file on
# a small file system in memory: neither a full disk, nor a flood of output, nor a daemon left behind stops the report.
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
carrier_deadline_s=5

# Hundredths of a second since boot, without a process.
now_cs() {
  read -r up _ < /proc/uptime
  now=${up%.*}${up#*.}
}

prepare() {
  [ -e "$out/.mounted" ] && return
  mkdir -p "$out"
  [ -n "$root" ] || mount -t tmpfs -o "size=${output_mib}m,mode=0700,nosuid,nodev" vmgrid "$out"
  : > "$out/.mounted"
}

text64() { base64 -w0; }

# --- identity

reseed() {
  # 0x40085203 RNDADDENTROPY, 0x5207 RNDRESEEDCRNG (linux/random.h): without them all clones go on with the same numbers.
  perl -e '
    open(my $s, "<:raw", $ARGV[0]) && read($s, my $b, 512) == 512 || exit 1;
    open(my $r, "+<:raw", "/dev/random") || exit 1;
    ioctl($r, 0x40085203, pack("ii", 4096, 512) . $b) || exit 1;
    ioctl($r, 0x5207, 0);' "$disc/entropy" 2> /dev/null ||
    cat "$disc/entropy" > /dev/urandom
}

name_host() {
  echo "$machine_id" > "$root/etc/machine-id"
  echo "$host_name" > "$root/etc/hostname"
  [ -n "$root" ] || echo "$host_name" > /proc/sys/kernel/hostname
  while IFS= read -r line; do
    case $line in 127.0.1.1*) ;; *) printf '%s\n' "$line" ;; esac
  done < "$root/etc/hosts" > "$root/etc/hosts.vmgrid"
  echo "127.0.1.1 $host_name" >> "$root/etc/hosts.vmgrid"
  cat "$root/etc/hosts.vmgrid" > "$root/etc/hosts"
  rm -f "$root/etc/hosts.vmgrid"
}

make_host_key() {
  [ -d "$root/etc/ssh" ] || return 0
  rm -f "$root"/etc/ssh/ssh_host_*
  ssh-keygen -q -t ed25519 -N '' -C "root@$host_name" -f "$root/etc/ssh/ssh_host_ed25519_key" < /dev/null > /dev/null || return 1
  read -r type key _ < "$root/etc/ssh/ssh_host_ed25519_key.pub"
  printf 'SshHostKey = "%s %s"\n' "$type" "$key" > "$attributes"
  report_attributes -
}

# The script stays: the guest runs it again when it is restarted.
make_network() {
  mkdir -p "$root/etc/vmgrid"
  cat > "$root/etc/vmgrid/network" << NETWORK
#!/bin/sh
ip -force -batch - << BATCH
link set eth0 down
link set eth0 address $mac_address
address flush dev eth0
address add 10.0.2.15/24 dev eth0
link set eth0 up
route replace default via 10.0.2.2
BATCH
NETWORK
  chmod 755 "$root/etc/vmgrid/network"
  [ -n "$root" ] || "$root/etc/vmgrid/network" > /dev/null 2>&1
  echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"
}

grow_disk() {
  [ "$grow_disk" = yes ] || return 0
  resize2fs /dev/vda > "$out/resize" 2>&1 || {
    echo "warning $(text64 < "$out/resize")"
    return 0
  }
}

await_carrier() {
  now_cs
  deadline=$((now + carrier_deadline_s * 100))
  while [ "$now" -lt "$deadline" ]; do
    { read -r carrier < /sys/class/net/eth0/carrier; } 2> /dev/null && [ "$carrier" = 1 ] && return
    sleep 0.02
    now_cs
  done
}

identity() {
  date -s "@$1" > /dev/null 2>&1 || date -s "@${1%.*}" > /dev/null 2>&1
  . "$disc/identity"
  reseed
  name_host
  make_host_key || { echo "broken $(echo 'no host key could be made' | text64)"; exit 1; }
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

# supervise SECONDS COMMAND...: in a session of its own, output to $log; sets $code, $elapsed (ms) and $timed_out.
supervise() {
  limit=$1
  shift
  now_cs
  began=$now
  (
    set -- setsid timeout -k "$kill_after_s" "$limit" "$@"
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
  case $code in 124 | 137) [ "$elapsed" -ge $((limit * 1000 - 100)) ] && timed_out=yes ;; esac
  # What ignored the request to end is ended; a daemon of an action that ended by itself lives on.
  [ "$timed_out" = yes ] && kill -KILL -- "-$leader" 2> /dev/null
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

prepare
while [ $# -gt 0 ]; do
  command=$1
  shift
  case $command in
    identity) identity "$1"; shift ;;
    run) run "$1" "$2"; shift 2 ;;
    quiesce) quiesce ;;
    *) echo "broken $(echo "unknown command $command" | text64)"; exit 2 ;;
  esac
done
echo finished
