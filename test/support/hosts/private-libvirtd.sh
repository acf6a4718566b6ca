#!/bin/sh
# A libvirtd with all that it keeps in a folder, for tests: neither finds nor touches the one of the host, if there is
# one.
#
#   private-libvirtd.sh system FOLDER          as root, in a mount namespace of its own: what libvirt keeps system-wide
#                                              is covered
#   private-libvirtd.sh session FOLDER [USER]  of whoever runs it, or, as root, of USER; the environment says that what
#                                              libvirt keeps of a user is below FOLDER
#
# Ends when its standard input does; its machines are for the tests to end.
set -eu
PATH=$PATH:/usr/sbin:/sbin # not on the path of every user
kind=$1
folder=$2
user=${3:-}
conf=$folder/etc
sockets=$folder/run/libvirt
mkdir -p "$conf" "$folder/cache"

if [ "$kind" = system ]; then
  mount --make-rprivate /
  for path in /run/libvirt /var/lib/libvirt /var/log/libvirt; do
    mkdir -p "$path"
    mount -t tmpfs tmpfs "$path"
  done
  mkdir -p /var/cache/libvirt /etc/libvirt
  mount --bind "$folder/cache" /var/cache/libvirt
  mount --bind "$conf" /etc/libvirt
  # libvirtd insists on a user that only comes with a package which starts services.
  for file in passwd group; do cp "/etc/$file" "$folder/$file"; done
  grep -q ^libvirt-qemu: /etc/passwd || {
    echo 'libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin' >> "$folder/passwd"
    echo 'libvirt-qemu:x:64055:' >> "$folder/group"
  }
  for file in passwd group; do mount --bind "$folder/$file" "/etc/$file"; done
fi

cat > "$conf/libvirtd.conf" <<CONF
unix_sock_dir = "$sockets"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:$folder/libvirtd.log"
CONF
echo "log_outputs = \"3:file:$folder/virtlogd.log\"" > "$conf/virtlogd.conf"
# In a mount namespace of a machine's own libvirt would make the device that is covered anew.
echo 'namespaces = []' > "$conf/qemu.conf"

start() {
  if [ -z "$user" ]; then exec "$@"; fi
  exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
}
[ -z "$user" ] || chown -R "$user" "$folder"
(start virtlogd -f "$conf/virtlogd.conf" -p "$folder/virtlogd.pid") &
virtlogd=$!
(start libvirtd -f "$conf/libvirtd.conf" -p "$folder/libvirtd.pid") &
libvirtd=$!
trap 'kill $libvirtd $virtlogd; wait' EXIT
# libvirt's machines are nobody's children, and libvirt waits for each that it ends until it is reaped: some hosts'
# first process takes seconds for that. So they become children of this one (prctl, PR_SET_CHILD_SUBREAPER), which the
# kernel reaps at once.
exec perl -e '
  $SIG{CHLD} = "IGNORE";
  syscall(157, 36, 1, 0, 0, 0) == 0 or warn "prctl: $!"; # 157 on x86_64
  <STDIN>;
  kill "TERM", @ARGV;
  waitpid($_, 0) for @ARGV;
' "$libvirtd" "$virtlogd"
