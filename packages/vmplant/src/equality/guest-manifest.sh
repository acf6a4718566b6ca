# Runs in a guest as root and prints what it has, a line each: kind, name and value between tabs. POSIX sh: dash and
# busybox. $1: when the base image was made, in seconds since the epoch. Files that have not changed since are told
# without their digests.
export LC_ALL=C QUOTING_STYLE=escape PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /
since=$1
tab=$(printf '\t')

# A machine that was made cold may still be starting what its boot starts.
[ ! -d /run/systemd/system ] || systemctl is-system-running --wait > /dev/null

# Folders in memory that are the system's own differ from boot to boot.
list_files() {
  find / /run /dev/shm -xdev \
    \( -path /run/systemd -o -path /run/udev -o -path '/run/vmgrid*' -o -path /run/log -o -path /run/user \
    -o -path /run/credentials -o -path /dev -o -path /proc -o -path /sys -o -path /lost+found \) -prune -o "$@"
}

list_files -exec stat -c "file$tab%N$tab%F %a %u:%g %s %h %i" {} +
changed="-newerct @$since"
find / -maxdepth 0 $changed > /dev/null 2>&1 || changed=
# shellcheck disable=SC2086 # two words or none
list_files -type f $changed -exec sha256sum {} + | sed "s/^\\(\\\\\\{0,1\\}[0-9a-f]*\\)  \\(.*\\)/digest$tab\\2$tab\\1/"
command -v getcap > /dev/null && getcap -r / 2> /dev/null | sed "s/^\\(.*\\) \\([^ ]*\\)\$/capability$tab\\1$tab\\2/"
command -v getfattr > /dev/null &&
  getfattr -R -P -d -h -m 'user|trusted|security' --absolute-names /etc /usr /var /opt /home /root /srv 2> /dev/null |
  while IFS= read -r line; do
    case $line in
      '# file: '*) file=${line#\# file: } ;;
      ?*) printf 'xattr\t%s\t%s\n' "$file ${line%%=*}" "${line#*=}" ;;
    esac
  done

for folder in /proc/[0-9]*; do
  { read -r stat < "$folder/stat"; } 2> /dev/null || continue
  name=${stat#*\(}
  # shellcheck disable=SC2086 # letters and numbers
  set -- ${stat##*) }
  [ "$1" = Z ] || [ $(($7 & 0x200000)) -ne 0 ] || [ "${folder##*/}" = $$ ] || [ "$2" = $$ ] ||
    printf '%s\n' "${name%)*}"
done | sort | uniq -c | while read -r count name; do printf 'process\t%s\t%s\n' "$name" "$count"; done

awk -v OFS="$tab" '$2 !~ /^\/run\/(vmgrid|user|credentials)\// { print "mount", $2, $3 " " $4 }' /proc/mounts
awk -v OFS="$tab" 'NR > 1 { print "swap", $1, $2 }' /proc/swaps
for table in tcp tcp6 udp udp6; do
  [ ! -e "/proc/net/$table" ] || awk -v OFS="$tab" -v table="$table" '
    FNR > 1 && ($4 == "0A" || (table ~ /^udp/ && $4 == "07")) {
      print "socket", table " " $2, "listens"
    }' "/proc/net/$table"
done
awk -F: -v OFS="$tab" '{ print "user", $1, $3 ":" $4 " " $6 " " $7 }' /etc/passwd
awk -F: -v OFS="$tab" '{ print "group", $1, $3 " " $4 }' /etc/group

# What could not be told is not told as nothing: a manager that is busy is asked again, and then the last line says so.
ask() {
  for _ in 1 2 3; do answer=$(systemctl "$@" --no-legend --no-pager --full) && return; done
  missing=' but units'
}
missing=

if [ -d /run/systemd/system ]; then
  ask list-units --all --plain --type=service,socket,timer,path,mount,swap
  printf '%s\n' "$answer" | while read -r unit _ active sub _; do printf 'unit\t%s\t%s %s\n' "$unit" "$active" "$sub"; done
  ask list-unit-files
  printf '%s\n' "$answer" | while read -r unit state _; do printf 'unit file\t%s\t%s\n' "$unit" "$state"; done
  [ -z "$(journalctl -q -n 1 --no-pager -o cat 2>&1)" ] || printf 'journal\treadable\tyes\n'
fi
echo "that is all$missing"
