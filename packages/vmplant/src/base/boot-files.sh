# Runs inside a new root file system, before what is particular to its kind. Leaves /vmgrid-boot with the kernel and the
# initial RAM disk for the builder to take out.
set -eu
export LC_ALL=C

kernel=$(ls /lib/modules)
# A package that was only unpacked has not listed what its modules need. By path: a busybox that runs this has applets
# of these names.
[ -e "/lib/modules/$kernel/modules.dep" ] || /sbin/depmod "$kernel"
boot=/vmgrid-boot
mkdir -p "$boot"
mv "/boot/vmlinuz-$kernel" "$boot/vmlinuz"
rm -rf /boot/* /vmlinuz* /initrd.img*

# --- initial RAM disk: the modules of this machine in order, the disk's first, and nothing else
ram=$(mktemp -d)
mkdir -p "$ram/dev" "$ram/root" "$ram/modules"
cp /bin/busybox "$ram/busybox"
for module in virtio_pci virtio_blk virtio_console virtio_net virtio-rng virtio_scsi sr_mod isofs; do
  /sbin/modprobe -S "$kernel" --show-depends "$module" | while read -r kind path _; do
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
[ -s "$ram/modules/order" ] # none found: the machine could not read its disk
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
(cd "$ram" && find . | sort | /bin/busybox cpio -o -H newc) > "$boot/initrd.img"
rm -rf "$ram"

chmod 755 /usr/local/lib/vmgrid/*

