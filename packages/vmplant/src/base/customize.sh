# Runs inside the new root file system, by `chroot ROOT sh`, when all packages are installed and the files of `rootfs` are
# in place. Leaves /vmgrid-boot with the kernel and the initial RAM disk for the builder to take out.
set -eu
export LC_ALL=C

kernel=$(ls /lib/modules)
boot=/vmgrid-boot
mkdir -p "$boot"
mv "/boot/vmlinuz-$kernel" "$boot/vmlinuz"
rm -rf /boot/* /vmlinuz* /initrd.img*

# --- initial RAM disk: the modules of this machine in order, the disk's first, and nothing else
ram=$(mktemp -d)
mkdir -p "$ram/dev" "$ram/root" "$ram/modules"
cp /bin/busybox "$ram/busybox"
for module in virtio_pci virtio_blk virtio_console virtio_net virtio-rng virtio_scsi sr_mod isofs; do
  modprobe -S "$kernel" --show-depends "$module" | while read -r kind path _; do
    [ "$kind" = insmod ] || continue
    name=${path##*/}
    [ -e "$ram/modules/$name" ] && continue
    case $path in
      *.xz) xz -dc "$path" > "$ram/modules/$name" ;;
      *) cp "$path" "$ram/modules/$name" ;;
    esac
    echo "$name" >> "$ram/modules/order"
  done
done
cat > "$ram/init" <<'INIT'
#!/busybox sh
/busybox mount -t devtmpfs dev /dev
while read -r module; do /busybox insmod "/modules/$module"; done < /modules/order
tries=0
until [ -b /dev/vda ] || [ $tries -ge 500 ]; do /busybox usleep 20000; tries=$((tries + 1)); done
/busybox mount -t ext4 -o rw,noatime /dev/vda /root || exit 1
/busybox mount -o move /dev /root/dev
exec /busybox switch_root /root /sbin/init
INIT
chmod 755 "$ram/init"
(cd "$ram" && find . | sort | /bin/busybox cpio -o -H newc 2> /dev/null) > "$boot/initrd.img"
rm -rf "$ram"

chmod 755 /usr/local/lib/vmgrid/agent

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
systemctl enable ssh.socket vmgrid-agent.service vmgrid-network.service
systemctl set-default multi-user.target

# --- ssh: one kind of host key, made by each machine for itself
rm -f /etc/ssh/ssh_host_*
mkdir -p /etc/ssh/sshd_config.d
echo 'HostKey /etc/ssh/ssh_host_ed25519_key' > /etc/ssh/sshd_config.d/vmgrid.conf

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
