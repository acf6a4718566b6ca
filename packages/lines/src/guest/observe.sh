# Read by runner.sh while an image is built: what does an action leave that a boot of the disk would not bring back?
# POSIX sh: dash and busybox. Each item is a line in words, which ends up in the image's manifest. What is noted twice
# differs in number, so that a second one is seen. When in doubt it is lost: an image that is not booted is slower,
# and never wrong.
#
# A look is taken between any two actions, so it starts few programs, and asks systemd only for what has changed.

looks=0

# As in runner.sh.
[ -z "$box" ] || for applet in awk cat find grep head; do
  eval "$applet() { /bin/busybox $applet \"\$@\"; }"
done

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

# What this shell started counts no more than itself: what an action left behind is nobody's child.
# The agent's own service has what actions left behind; other services come back or not as units. What `timeout` was
# to end is seen itself; busybox's goes on for up to a second after that. 0x200000: of the kernel.
PROCESSES='
{ at = index($0, ":"); path = substr($0, 1, at - 1); line = substr($0, at + 1)
  depth = split(path, names, "/"); kind = names[depth]; pid = names[depth - 1] }
kind == "stat" && !(pid in stat) {
  stat[pid] = line; order[++seen] = pid
  sub(/.*\) /, "", line); split(line, words, " "); parent[pid] = words[2]
}
kind == "cgroup" {
  grouped = 1; group[pid]
  if (line ~ /(vmgrid-agent|vmgrid-resident|qemu-guest-agent)\.service/) left[pid]
  else if (line ~ /\.service(\/|$)/) service[pid]
}
function is_timeout(pid, command, text) {
  command = "tr \"\\000\" \" \" < " root "/proc/" pid "/cmdline 2> /dev/null"
  command | getline text
  close(command)
  return text ~ /^([^ ]*busybox )?([^ ]*\/)?timeout /
}
function is_own(pid) {
  for (; pid > 1; pid = parent[pid]) if (index(own, " " pid " ")) return 1
  return 0
}
END {
  for (at = 1; at <= seen; at++) {
    pid = order[at]; rest = stat[pid]
    sub(/.*\) /, "", rest)
    split(rest, words, " ")
    name = substr(stat[pid], index(stat[pid], "(") + 1)
    sub(/\)[^)]*$/, "", name)
    if (is_own(pid)) continue
    if (words[1] == "Z" || int(words[7] / 2097152) % 2 || (grouped && !(pid in group))) continue
    if ((pid in service) && !(pid in left)) continue
    if ((name == "busybox" || name == "timeout") && is_timeout(pid)) continue
    print "lost process " name (++count[name] > 1 ? " (" count[name] ")" : "")
  }
}'

processes() {
  grep -asH '' "$root"/proc/[0-9]*/stat "$root"/proc/[0-9]*/cgroup | awk -v own="$own" -v root="$root" "$PROCESSES"
}

# Of mounts and swap, what is in fstab comes back.
MOUNTS='
BEGIN {
  while ((getline < fstab) > 0)
    if ($0 !~ /^[ \t]*#/ && $4 !~ /(^|,)noauto(,|$)/) { kept[$1]; if ($2 ~ /^\//) kept[$2] }
}
FILENAME == ARGV[2] { if ($1 != "Filename" && !($1 in kept)) print "lost swap " $1; next }
$2 ~ /^\/run\/(vmgrid|user|credentials)\// { next }
$2 in kept { print "come mount " $2; delete kept[$2]; next }
{ print "lost mount " $2 " " $3 " " $4 }
END { for (folder in kept) if (folder ~ /^\//) print "gone mount " folder }'

mounts() {
  awk -v fstab="$root/etc/fstab" "$MOUNTS" "$root/proc/mounts" "$root/proc/swaps"
}

# A unit comes back when it is enabled, or when something that runs wants it or would start it. What the bus, or timers
# and sockets that run, start may have ended by itself.
UNITS='
function is_triggered(id, count, names) {
  for (count = split(triggers[id], names, " "); count > 0; count--) if (state[names[count]] == "active") return 1
  return 0
}
function keep(id) {
  id = v["Id"]; order[++units] = id; state[id] = v["ActiveState"]; triggers[id] = v["TriggeredBy"]
  if (v["UnitFileState"] == "enabled" || v["WantedBy"] v["RequiredBy"] != "") wanted[id]
  if (v["BusName"] != "") bus[id]
  split("", v)
}
/^$/ { keep(); next }
{ at = index($0, "="); v[substr($0, 1, at - 1)] = substr($0, at + 1) }
END {
  keep()
  for (at = 1; at <= units; at++) {
    id = order[at]
    if (state[id] == "failed" && !(id in wanted)) print "lost failed unit " id
    else if (state[id] == "inactive" || state[id] == "failed") { if (id in wanted) print "gone unit " id }
    else if (id in wanted) print "come unit " id
    else if (!(id in bus) && !is_triggered(id)) print "lost unit " id
  }
}'

TO_SHOW='
/^(gone|lost) / || $1 == "" { next }
{ id = $1 == "come" ? $3 : $1; if (!(id in shown)) { shown[id]; print id } }'

UNIT_PROPERTIES=Id,ActiveState,UnitFileState,WantedBy,RequiredBy,TriggeredBy,BusName
UNIT_TYPES=service,socket,timer,path,scope

# Those that run or failed, and those that came with the boot and may have ended: what else there is, is nothing that
# a boot would lose. Where neither they nor what is configured has changed, what they are has not either.
units() {
  [ -z "$root" ] && [ -d /run/systemd/system ] || return 0
  listed=$(systemctl list-units --plain --no-legend --no-pager --full --type=$UNIT_TYPES) || return
  if [ "$configured_anew" = yes ] || [ "$listed" != "$units_listed" ]; then
    # shellcheck disable=SC2046 # names of units have no blanks
    units_seen=$(systemctl show --no-pager -p $UNIT_PROPERTIES \
      $(printf '%s\n%s\n' "$listed" "$units_seen" | awk "$TO_SHOW") | awk "$UNITS") || return
    units_listed=$listed
  fi
  printf '%s\n' "$units_seen"
}

# Whether any of what tells systemd what to do may have changed since the last look. A clock that was set back hides
# what is new.
look_at_configuration() {
  configured_anew=no
  [ -e "$looked_before" ] && [ "$looked" -nt "$looked_before" ] || { configured_anew=yes; return; }
  for one in "$root"/etc/tmpfiles.d "$root"/etc/tmpfiles.d/* "$root"/usr/lib/tmpfiles.d "$root"/usr/lib/tmpfiles.d/* \
    "$root"/etc/systemd/system "$root"/etc/systemd/system/* "$root"/etc/systemd/system/*/* \
    "$root"/run/systemd/system "$root"/run/systemd/system/* "$root"/run/systemd/transient \
    "$root"/run/systemd/generator* "$root"/usr/lib/systemd/system "$root"/usr/lib/systemd/system/*; do
    [ "$looked_before" -nt "$one" ] || [ ! -e "$one" ] || { configured_anew=yes; return; }
  done
}

# Folders in memory that the system makes anew: its own, and those of its configuration.
made_at_boot() {
  printf '%s\n' /run/systemd /run/udev /run/log /run/vmgrid /run/dbus /run/mount /run/blkid /run/user /run/credentials
  cat "$root"/usr/lib/tmpfiles.d/*.conf "$root"/etc/tmpfiles.d/*.conf 2> /dev/null |
    awk '$1 ~ /^[dDfFqQvLp]/ && $2 !~ /^(\/tmp|\/var\/tmp|\/run|\/run\/lock|\/dev\/shm)\/?$/ {
      sub("^/var/run/", "/run/", $2); print $2 }'
  grep -sh '^RuntimeDirectory=' "$root"/usr/lib/systemd/system/*.service "$root"/etc/systemd/system/*.service |
    awk '{
      sub(/^[^=]*=/, "")
      for (at = 1; at <= NF; at++) print "/run/" $at
    }'
}

# Sockets and process ids are as good as the process that made them.
files() {
  [ "$configured_anew" = no ] || made_at_boot > "$work/made"
  memory=$(awk -v root="$root" '
    $3 ~ /^(tmpfs|ramfs)$/ && $2 !~ /^\/run\/(vmgrid|user|credentials)\// { print root $2 }' "$root/proc/mounts")
  set -f
  # shellcheck disable=SC2086 # blanks in names are written as numbers there
  set -- $memory
  set +f
  [ $# -gt 0 ] || return 0
  find "$@" -xdev -mindepth 1 ! -type s ! -path '*/systemd-private-*' 2> /dev/null |
    awk -v prefix="$root" '
      FILENAME == ARGV[1] { made[$0]; next }
      { path = substr($0, length(prefix) + 1)
        for (above = path; above != ""; sub("/[^/]*$", "", above)) if (above in made) next
        print "lost file " path }' "$work/made" - |
    while IFS= read -r item; do
      number=
      case $item in *.pid | *.PID) { read -r number < "$root${item#lost file }"; } 2> /dev/null ;; esac
      [ -n "$number" ] && [ -d "$root/proc/$number" ] || printf '%s\n' "$item"
    done
}

# Settings of the kernel that are in no configuration. Some change by themselves.
SETTINGS='
index($0, prefix) != 1 {
  sub(/[#;].*/, ""); sub(/^[ \t]*-?/, ""); sub(/[ \t]*=.*/, ""); gsub(/\//, ".")
  kept[$0]
  next
}
{
  line = substr($0, length(prefix) + 1)
  at = index(line, ":")
  key = substr(line, 1, at - 1)
  gsub(/\//, ".", key)
  if (!(key in kept)) print "lost setting " key " = " substr(line, at + 1)
}'

# Others come with modules and links alone. What is read is compared before it is looked into.
settings() {
  set -- "$root"/sys/module/* "$root"/sys/class/net/*
  if [ "$*" != "$settings_of" ]; then
    settings_of=$*
    settings_files=$(find "$root/proc/sys" -xdev -type f -perm -200 ! -path '*/random/*' ! -path '*/binfmt_misc/*' \
      ! -name '*-nr' ! -name '*-state' ! -name ns_last_pid ! -name 'perf_*' ! -name hostname ! -name domainname \
      ! -path '*/eth0/*' ! -path '*/vec0/*')
  fi
  # shellcheck disable=SC2086 # names of settings have no blanks
  settings_read=$(cat "$root"/etc/sysctl.conf "$root"/etc/sysctl.d/*.conf 2> /dev/null
    grep -asH '' /dev/null $settings_files)
  if [ "$settings_read" != "$settings_read_before" ]; then
    settings_seen=$(printf '%s\n' "$settings_read" | awk -v prefix="$root/proc/sys/" "$SETTINGS") || return
    settings_read_before=$settings_read
  fi
  printf '%s\n' "$settings_seen"
}

links() {
  for link in "$root"/sys/class/net/*; do
    case ${link##*/} in '*' | lo | eth0 | vec0) ;; *) echo "lost link ${link##*/}" ;; esac
  done
}

# A line each, as the second of two files that take turns: `lost` what a boot would lose now, `come` what it would bring
# back and is there, `gone` what it would bring back and is not there.
look() {
  looks=$((looks + 1))
  seen=$work/seen.$((looks % 2)) seen_before=$work/seen.$(((looks + 1) % 2))
  looked=$work/looked.$((looks % 2)) looked_before=$work/looked.$(((looks + 1) % 2))
  : > "$looked"
  look_at_configuration
  { processes && mounts && units && files && settings && links && echo seen; } > "$seen"
}

observe() {
  units_listed= units_seen= settings_of= settings_read_before= settings_seen=
  note_own
  look
}

# What is there and was not, and what a boot brings back and was ended. An action that filled /run, where this writes,
# left something that cannot be told.
NEW='
{ item = substr($0, 6) }
FILENAME == ARGV[1] { was[$0]; next }
{ last = $0 }
/^gone / && ("come " item) in was { print item " was ended" }
/^lost / && !($0 in was) { print item }
END { if (last != "seen") print "what could not be looked at" }'

# Of the action that just ended.
tell_lost() {
  look
  new=$(awk "$NEW" "$seen_before" "$seen")
  [ -z "$new" ] || echo "loses $1 $(printf '%s\n' "$new" | head -c 4096 | text64)"
}

forget_observed() {
  rm -f "$work"/seen.* "$work"/looked.* "$work/made"
}
