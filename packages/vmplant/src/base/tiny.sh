# The tiny system: runs inside the new root file system after boot-files.sh. Packages were unpacked, not installed:
# nothing of theirs has run, and no package can be added later.

# --- every command of busybox that no package brought
for name in $(/bin/busybox --list); do
  for folder in /bin /sbin /usr/bin /usr/sbin; do [ ! -e "$folder/$name" ] || continue 2; done
  ln -s /bin/busybox "/bin/$name"
done
ln -sf /bin/busybox /sbin/init
chmod 755 /sbin/shutdown

# --- what is not needed to run what is there
rm -rf /usr/share/* /usr/lib/modules /lib/modules /boot/* /var/lib/dpkg /var/lib/apt /var/cache/*

# --- nobody in particular
mkdir -p /dev /proc /sys /run /root /tmp /var/tmp /var/log /home /srv /etc/ssh /usr/local/bin
ln -sfn /run /var/run
chmod 1777 /tmp /var/tmp
chmod 700 /root
rm -f /etc/ssh/ssh_host_*
: > /etc/machine-id
echo vmgrid > /etc/hostname
printf '127.0.0.1 localhost\n' > /etc/hosts
