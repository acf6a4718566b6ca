# Debian: runs inside the new root file system after boot-files.sh, when all packages are installed and the files of the
# root folders are in place.

# --- units that cost at boot and serve nothing in a cloned machine
for unit in \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  systemd-tmpfiles-clean.timer getty.target getty@tty1.service getty-static.service serial-getty@ttyS0.service \
  systemd-timesyncd.service systemd-networkd.service systemd-resolved.service remote-fs.target \
  systemd-pstore.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount dev-hugepages.mount \
  sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  systemd-firstboot.service systemd-machine-id-commit.service systemd-pcrphase-sysinit.service \
  systemd-pcrphase.service systemd-random-seed.service systemd-repart.service systemd-update-utmp.service \
  systemd-update-utmp-runlevel.service cryptsetup.target integritysetup.target veritysetup.target \
  systemd-ask-password-console.path systemd-ask-password-wall.path systemd-journald-audit.socket \
  systemd-initctl.socket kmod-static-nodes.service systemd-modules-load.service systemd-sysusers.service \
  systemd-remount-fs.service systemd-fsck-root.service qemu-guest-agent.service sshd-unix-local.socket
do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done
rm -f /etc/systemd/system/multi-user.target.wants/ssh.service /etc/systemd/system/sshd.service
# Started over D-Bus by whoever shuts the machine down, not at boot.
rm -f /lib/systemd/system/multi-user.target.wants/systemd-logind.service
systemctl enable ssh.socket vmgrid-agent.service vmgrid-resident.service vmgrid-network.service
systemctl set-default multi-user.target

# --- ssh: one kind of host key, made by each machine for itself
rm -f /etc/ssh/ssh_host_*
mkdir -p /etc/ssh/sshd_config.d
echo 'HostKey /etc/ssh/ssh_host_ed25519_key' > /etc/ssh/sshd_config.d/vmgrid.conf

# --- mmdebstrap lets no package start its services while it installs them, and would end that after the disk is written
rm -f /usr/sbin/policy-rc.d
[ ! -e /sbin/start-stop-daemon.REAL ] || mv /sbin/start-stop-daemon.REAL /sbin/start-stop-daemon

# --- nobody in particular
usermod --password '*' root
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id
echo vmgrid > /etc/hostname
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' > /etc/hosts
echo 'LANG=C.UTF-8' > /etc/default/locale

# --- the kernel comes from the host: an upgrade inside would change nothing and cost minutes
apt-mark hold linux-image-cloud-amd64 > /dev/null
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/log/*.log /var/log/apt
