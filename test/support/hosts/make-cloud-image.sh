#!/bin/sh
# Makes a disk image as clouds use them: Debian with cloud-init and the guest agent, partitioned, booting through its
# own boot loader, with nothing of vmgrid in it.
#
#   make-cloud-image.sh FILE      as root; FILE becomes a qcow2 disk
set -eu
file=$1
work=$(mktemp -d "$file.XXXXXX")
trap 'rm -rf "$work"' EXIT
disk=$work/disk.raw
disk_mib=2048
# In sectors of 512 bytes: a file system for the boot loader, then that of the root.
boot_start=2048
boot_size=262144
root_start=$((boot_start + boot_size))
root_kib=$(((disk_mib * 2048 - root_start) / 2))

mmdebstrap --mode=root --variant=minbase --quiet \
  --include=cloud-init,dbus,ifupdown,iproute2,linux-image-cloud-amd64,initramfs-tools,openssh-server,perl-base,procps,qemu-guest-agent,systemd-sysv,udev \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='printf "datasource_list: [NoCloud, None]\nlocale: false\n" > "$1/etc/cloud/cloud.cfg.d/90_image.cfg"' \
  --customize-hook='echo "/dev/vda2 / ext4 defaults 0 0" > "$1/etc/fstab"' \
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*; : > "$1/etc/machine-id"; echo cloud > "$1/etc/hostname"' \
  bookworm "$work/root"

truncate -s "${disk_mib}M" "$disk"
sfdisk --quiet "$disk" <<TABLE
label: dos
start=$boot_start, size=$boot_size, type=c, bootable
start=$root_start, type=83
TABLE
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
mkfs.fat -F 16 -h "$boot_start" --offset "$boot_start" "$disk" $((boot_size / 2)) > /dev/null
at=$disk@@$((boot_start * 512))
cat > "$work/syslinux.cfg" <<'CONFIG'
DEFAULT linux
LABEL linux
  KERNEL vmlinuz
  APPEND initrd=initrd.img root=/dev/vda2 ro quiet console=ttyS0 net.ifnames=0 mitigations=off
CONFIG
mcopy -i "$at" "$work"/root/boot/vmlinuz-* ::vmlinuz
mcopy -i "$at" "$work"/root/boot/initrd.img-* ::initrd.img
mcopy -i "$at" "$work/syslinux.cfg" ::syslinux.cfg
syslinux --install --offset $((boot_start * 512)) "$disk"
mke2fs -q -t ext4 -d "$work/root" -E "offset=$((root_start * 512))" "$disk" "${root_kib}k"
qemu-img convert -f raw -O qcow2 "$disk" "$work/disk.qcow2"
mv "$work/disk.qcow2" "$file"
