#!/bin/sh
# Runs in the guest as root, from the config disc. POSIX sh: dash and busybox.
#
#   runner.sh DISC COMMAND...      (or read with `.`, its arguments set)
#     identity EPOCH     give this clone a time, entropy, names, host key and network of its own
#     run FIRST LAST     run the actions FIRST to LAST of the disc
#     restarted STEP     after the restart by an action: tell what it told
#     quiesce            remove what must not be in a golden image, before the machine is frozen
#     warm               read back what every clone does first: before its memory is kept
#
# Standard output is the report (report.ts parses it): one event a line, text in base64. Of an action's output the
# last is kept (keep-tail.pl), on a small file system in memory: neither a full disk, nor a flood of output, nor a
# daemon left behind stops it.
#
# VMGRID_ROOT is for its tests: a folder to work on in place of the root, which says how long the machine is up, in
# which case nothing of the machine is changed.
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
kept_attributes=$root/etc/vmgrid/attributes
output_mib=16
output_chars=4096
attribute_chars=65536
kill_after_s=5
carrier_deadline_s=30
restart_deadline_s=120
boot_deadline_s=60

# Hundredths of a second since boot, without a process. The 1 before the fraction: a number that begins with 0 would
# be octal.
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

# A static busybox starts five times faster under emulation than a program that must be linked first. Actions do not
# see it.
if [ -x "$root/bin/busybox" ]; then
  box=/bin/busybox
  for applet in base64 date ip mkdir mount rm sleep tail wc; do
    eval "$applet() { /bin/busybox $applet \"\$@\"; }"
  done
else
  box=
fi

text64() { base64 -w0; }

report_attributes() {
  { [ -f "$attributes" ] && [ -s "$attributes" ]; } || return 0
  if [ "$(wc -c < "$attributes")" -gt $attribute_chars ]; then
    echo "attributes-too-long $1"
  else
    echo "attributes $1 $(text64 < "$attributes")"
  fi
  rm -f "$attributes"
}

# --- actions

# In a guest without perl the output goes to $log as it is: an action that floods that fails.
if command -v perl > /dev/null; then keeps_tail=yes; else keeps_tail=no; fi

# shellcheck disable=SC2086 # $box is one word or none
# supervise SECONDS COMMAND...: in a session of its own, output to $log; sets $code, $elapsed (ms) and $timed_out.
supervise() {
  limit=$1
  shift
  # Inside: a client's variable may have the name of one of ours.
  [ "$environment" = no ] || set -- /bin/sh -c '. "$0" && exec "$@"' "$disc/e$id" "$@"
  if [ "$keeps_tail" = yes ]; then
    set -- perl "$disc/keep-tail.pl" "$limit" "$kill_after_s" $box setsid "$@"
  else
    set -- $box setsid $box timeout -k "$kill_after_s" "$limit" "$@"
  fi
  now_cs
  began=$now
  # What perl says about a locale that the guest does not have is no output of the action.
  VMGRID_ATTRIBUTES=$attributes PERL_BADLANG=0 "$@" > "$log" 2>&1 < /dev/null &
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

# With the folders on the way, which belong to whom the file does. `new/..` is there once `new` is.
make_folder() {
  [ -d "$1/" ] && return
  make_folder "${1%/*}" && { [ -d "$1/" ] || { mkdir "$1" && chown "$file_owner" "$1"; }; }
}

# The new file is nobody's business until it has its owner and mode; chown takes setuid away, so that it comes first.
put_file() {
  target=$root$file_path
  if [ -d "$target" ]; then
    echo "$file_path is a directory"
    return 1
  fi
  folder=${target%/*}
  new=$folder/.vmgrid.$id
  make_folder "$folder" && rm -f "$new" && (umask 077 && set -C && cat "$disc/s$id" > "$new") &&
    chown "$file_owner" "$new" && chmod "$file_mode" "$new" && mv -f "$new" "$target" && return
  rm -f "$new"
  return 1
}

# Lists a base image does not carry are fetched once; stale ones are fetched again when they lead nowhere.
PACKAGE_SCRIPT='
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=60 -o APT::Keep-Downloaded-Packages=false install --no-install-recommends -- "$@"
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
  echo "recovers $index"
  if [ "$recover_interpreter" = own ]; then set -- "$disc/r$id"; else set -- /bin/sh -e "$disc/r$id"; fi
  supervise "$timeout_s" "$@"
  echo "recovered $index $code $elapsed"
  rm -f "$log"
}

report_output() {
  [ "$secret" = no ] && [ -s "$log" ] && echo "output $index $(tail -c $output_chars "$log" | text64)"
  rm -f "$log"
}

# Where the action asked for it already, asking again changes nothing. It ends the runner as well: another one goes on.
restart_machine() {
  echo "restarts $1"
  sync
  "${root:+$root/sbin/}reboot" > "$out/reboot" 2>&1 && sleep $restart_deadline_s
  echo "broken $(echo "the machine did not restart: $(cat "$out/reboot")" | text64)"
  exit 2
}

# What an action tells that restarts the machine is not in memory.
restarted() {
  attributes=$kept_attributes
  report_attributes "$1"
  rm -f "$attributes"
  attributes=$work/attributes
  echo "restarted $1"
  [ ! -d "$root/sys/class/net" ] || await_carrier
}

# Runs one action with its retries; fails when the rest is not to run.
run_action() {
  index=$1
  id=$1
  . "$disc/a$id"
  if [ "$reboot" = yes ]; then
    attributes=$kept_attributes
    [ -d "$root/etc/vmgrid" ] || mkdir "$root/etc/vmgrid"
  else
    attributes=$work/attributes
  fi
  if [ "$interpreter" = own ]; then set -- "$disc/s$id"; else set -- /bin/sh -e "$disc/s$id"; fi
  tries=0
  total=0
  while :; do
    tries=$((tries + 1))
    log=$out/$id.$tries
    rm -rf "$attributes" # an action may have made a folder of it
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
    log=$out/$id.$tries
    [ "$reboot" = no ] || { report_output; restart_machine "$index"; }
    report_attributes "$index"
    report_output
    [ ! -e "$disc/observe.sh" ] || tell_lost "$index"
  fi
  rm -rf "$attributes"
  echo "end $index $code $timed_out $total $tries"
  [ "$code" -eq 0 ] || [ "$on_error" = continue ]
}

# Once a boot. An action may need a service that an earlier one installed, and that a boot only brings back; what else a
# boot starts must be there for every action alike. A clone that was restored finds the mark of the machine frozen.
await_boot() {
  { [ -d "$root/run/systemd/system" ] && [ ! -e "$work/booted" ]; } || return 0
  state=$(timeout "$boot_deadline_s" "${root:+$root/bin/}systemctl" is-system-running --wait 2> /dev/null)
  [ -n "$state" ] ||
    echo "warning $(echo "what this guest starts at its boot was not up within $boot_deadline_s s" | text64)"
  : > "$work/booted"
}

run() {
  await_boot
  [ ! -e "$disc/observe.sh" ] || { . "$disc/observe.sh"; observe; }
  next=$1
  while [ "$next" -le "$2" ]; do
    if [ -e "$disc/a$next" ]; then
      run_action "$next" || { echo "stopped $next"; return; }
    fi
    next=$((next + 1))
  done
  [ ! -e "$disc/observe.sh" ] || forget_observed
}

# Nothing is read of the disc after `quiesce`, this script neither: the kernel would read what lies beside it as well,
# and an image's memory have the actions in it.
main() {
  prepare
  case " $* " in *' quiesce '* | *' warm '*) . "$disc/quiesce.sh" ;; esac
  while [ $# -gt 0 ]; do
    command=$1
    shift
    case $command in
      identity) . "$disc/identity.sh"; identity "$1"; shift ;;
      run) run "$1" "$2"; shift 2 ;;
      restarted) . "$disc/identity.sh"; restarted "$1"; shift ;;
      quiesce) quiesce ;;
      warm) warm ;;
      *) echo "broken $(echo "unknown command $command" | text64)"; exit 2 ;;
    esac
  done
  echo finished
}

main "$@"; exit
