# Read by runner.sh while an image is built: what does an action leave that a boot of the disk would not bring back?
# POSIX sh: dash and busybox. Each item is a line in words, which ends up in the image's manifest. What is noted twice
# differs in number, so that a second one is seen. When in doubt it is lost: an image that is not booted is slower,
# and never wrong.

lost=$work/lost
come=$work/come
gone=$work/gone

# This shell and what started it, but the first process, whose children may be anybody's.
note_own() {
  own=
  pid=$$
  while [ "$pid" -gt 1 ]; do
    own="$own $pid"
    { read -r stat < "$root/proc/$pid/stat"; } 2> /dev/null || break
    # shellcheck disable=SC2086 # letters and numbers
    set -- ${stat##*) }
    pid=$2
  done
  own="$own "
}

# The agent's own service has what actions left behind; other services come back or not as units.
in_service() {
  { while IFS= read -r group; do
    case $group in
      *vmgrid-agent.service* | *qemu-guest-agent.service*) return 1 ;;
      *.service | *.service/*) return 0 ;;
    esac
  done < "$1/cgroup"; } 2> /dev/null
  return 1
}

# What it was to end is seen itself; busybox's goes on for up to a second after that.
is_timeout() {
  tr '\0' ' ' < "$1/cmdline" 2> /dev/null | grep -q '^\([^ ]*busybox \)\{0,1\}\([^ ]*/\)\{0,1\}timeout '
}

processes() {
  for folder in "$root"/proc/[0-9]*; do
    { read -r stat < "$folder/stat"; } 2> /dev/null || continue
    name=${stat#*\(}
    name=${name%)*}
    # shellcheck disable=SC2086 # letters and numbers
    set -- ${stat##*) }
    case $own in *" ${folder##*/} "* | *" $2 "*) continue ;; esac
    case $name in busybox | timeout) ! is_timeout "$folder" || continue ;; esac
    # 0x200000: of the kernel
    [ "$1" = Z ] || [ $(($7 & 0x200000)) -ne 0 ] || in_service "$folder" || echo "process $name"
  done
}

# Of mounts and swap, what is in fstab comes back.
mounts() {
  cat "$root/etc/fstab" > "$work/fstab" 2> /dev/null
  awk -v come="$come" -v gone="$gone" '
    FILENAME == ARGV[1] {
      if ($0 !~ /^[ \t]*#/ && $4 !~ /(^|,)noauto(,|$)/) { kept[$1]; if ($2 ~ /^\//) kept[$2]; }
      next
    }
    FILENAME == ARGV[3] { if ($1 != "Filename" && !($1 in kept)) print "swap " $1; next }
    $2 ~ /^\/run\/(vmgrid|user|credentials)\// { next }
    $2 in kept { print "mount " $2 > come; delete kept[$2]; next }
    { print "mount " $2 " " $3 " " $4 }
    END { for (folder in kept) if (folder ~ /^\//) print "mount " folder > gone }
  ' "$work/fstab" "$root/proc/mounts" "$root/proc/swaps"
}

# A unit comes back when it is enabled, or when something that runs wants it or would start it. What timers, sockets
# and the bus start may have ended by itself.
UNITS='
function flush(id, state, wanted) {
  id = v["Id"]; state = v["ActiveState"]
  wanted = v["UnitFileState"] == "enabled" || v["WantedBy"] v["RequiredBy"] != ""
  if (id ~ /\.(service|socket|timer|path|scope)$/) {
    if (state == "failed" && !wanted) print "failed unit " id
    else if (state == "inactive" || state == "failed") { if (wanted) print "unit " id > gone }
    else if (wanted) print "unit " id > come
    else if (v["TriggeredBy"] v["BusName"] == "") print "unit " id
  }
  split("", v)
}
/^$/ { flush(); next }
{ at = index($0, "="); v[substr($0, 1, at - 1)] = substr($0, at + 1) }
END { flush() }'

units() {
  [ -z "$root" ] && [ -d /run/systemd/system ] || return 0
  systemctl show --no-pager -p Id,ActiveState,UnitFileState,WantedBy,RequiredBy,TriggeredBy,BusName '*' |
    awk -v come="$come.units" -v gone="$gone.units" "$UNITS"
  for list in "$come" "$gone"; do
    [ ! -e "$list.units" ] || cat "$list.units" >> "$list"
    rm -f "$list.units"
  done
}

# Folders in memory that the system makes anew: its own, and those of its configuration.
made_at_boot() {
  printf '%s\n' /run/systemd /run/udev /run/log /run/vmgrid /run/dbus /run/mount /run/blkid /run/user /run/credentials
  cat "$root"/usr/lib/tmpfiles.d/*.conf "$root"/etc/tmpfiles.d/*.conf 2> /dev/null |
    awk '$1 ~ /^[dDfFqQvLp]/ && $2 !~ /^(\/tmp|\/var\/tmp|\/run|\/run\/lock|\/dev\/shm)\/?$/ {
      sub("^/var/run/", "/run/", $2); print $2 }'
  cat "$root"/usr/lib/systemd/system/*.service "$root"/etc/systemd/system/*.service 2> /dev/null |
    awk -F= '$1 == "RuntimeDirectory" {
      count = split($2, names, " ")
      for (i = 1; i <= count; i++) print "/run/" names[i]
    }'
}

# Sockets and process ids are as good as the process that made them.
files() {
  made_at_boot > "$work/made"
  awk '$3 ~ /^(tmpfs|ramfs)$/ && $2 !~ /^\/run\/(vmgrid|user|credentials)\// { print $2 }' "$root/proc/mounts" |
    while read -r folder; do
      find "$root$folder" -xdev ! -type s ! -path "$root$folder" ! -path '*/systemd-private-*'
    done |
    awk -v prefix="$root" '
      FILENAME == ARGV[1] { made[$0]; next }
      { path = substr($0, length(prefix) + 1)
        for (above = path; above != ""; sub("/[^/]*$", "", above)) if (above in made) next
        print "file " path }' "$work/made" - |
    while IFS= read -r item; do
      number=
      case $item in *.pid | *.PID) { read -r number < "$root${item#file }"; } 2> /dev/null ;; esac
      [ -n "$number" ] && [ -d "$root/proc/$number" ] || printf '%s\n' "$item"
    done
}

# Settings of the kernel that are in no configuration. Some change by themselves.
settings() {
  cat "$root"/etc/sysctl.conf "$root"/etc/sysctl.d/*.conf > "$work/kept" 2> /dev/null
  find "$root/proc/sys" -xdev -type f -perm -200 ! -path '*/random/*' ! -path '*/binfmt_misc/*' ! -name '*-nr' \
    ! -name '*-state' ! -name ns_last_pid ! -name 'perf_*' ! -name hostname ! -name domainname \
    ! -path '*/eth0/*' ! -path '*/vec0/*' \
    -exec grep -sH '' {} + 2> /dev/null | awk -v prefix="$root/proc/sys/" '
      FILENAME == ARGV[1] {
        sub("[#;].*", ""); sub("^[ \t]*-?", ""); sub("[ \t]*=.*", ""); gsub("/", ".")
        kept[$0]
        next
      }
      {
        line = substr($0, length(prefix) + 1)
        at = index(line, ":")
        key = substr(line, 1, at - 1)
        gsub("/", ".", key)
        if (!(key in kept)) print "setting " key " = " substr(line, at + 1)
      }' "$work/kept" -
}

links() {
  for link in "$root"/sys/class/net/*; do
    case ${link##*/} in '*' | lo | eth0 | vec0) ;; *) echo "link ${link##*/}" ;; esac
  done
}

# look WHEN: what a boot would lose now into lost.WHEN, what it would bring back and is there, or not there, into come
# and gone.
look() {
  : > "$come"
  : > "$gone"
  { processes | awk '{ print $0 (++count[$0] > 1 ? " (" count[$0] ")" : "") }'
    mounts; units; files; settings; links; echo seen; } > "$lost"
  for list in "$lost" "$come" "$gone"; do mv "$list" "$list.$1"; done
}

observe() {
  note_own
  look before
}

# What an action, which just ended, left that was not there before it, and what it ended that a boot would start. An
# action that filled /run, where this writes, left something that cannot be told.
tell_lost() {
  look now
  new=$({ awk 'FILENAME == ARGV[1] { was[$0]; next } $0 in was { print $0 " was ended" }' "$come.before" "$gone.now"
    awk 'FILENAME == ARGV[1] { was[$0]; next } !($0 in was)' "$lost.before" "$lost.now"
    [ "$(tail -n 1 "$lost.now")" = seen ] || echo 'what could not be looked at'; } | head -c 4096 | text64)
  [ -z "$new" ] || echo "loses $1 $new"
  for list in "$lost" "$come" "$gone"; do mv "$list.now" "$list.before"; done
}

forget_observed() {
  rm -f "$lost".* "$come".* "$gone".* "$work/made" "$work/kept" "$work/fstab"
}
