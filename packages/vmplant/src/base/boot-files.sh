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

# --- initial RAM disk: the modules of this machine, loaded by one program, and nothing else
ram=$(mktemp -d)
modules=$ram/lib/modules/$kernel
mkdir -p "$ram/dev" "$ram/root" "$modules"
cp /bin/busybox "$ram/busybox"
wanted='virtio_pci virtio_blk virtio_console virtio_net virtio-rng virtio_scsi sr_mod isofs'
for module in $wanted; do
  /sbin/modprobe -S "$kernel" --show-depends "$module" | {
    needs=
    while read -r kind path _; do
      [ "$kind" = insmod ] || continue
      name=${path##*/}
      name=${name%.xz}
      case $path in
        *.xz) xz -dc "$path" > "$modules/$name" ;;
        *) cp "$path" "$modules/$name" ;;
      esac
      needs="$name $needs"
    done
    # A line of modules.dep (modules.dep(5)): a module, then what it needs; the last of them is loaded first.
    [ -z "$needs" ] || echo "${needs%% *}: ${needs#* }"
  } >> "$modules/modules.dep"
done
[ -s "$modules/modules.dep" ] # none found: the machine could not read its disk
{
  echo '#!/busybox sh'
  echo '/busybox mount -t devtmpfs dev /dev'
  echo "/busybox modprobe -a $wanted"
  cat << 'INIT'
tries=0
until [ -b /dev/vda ] || [ $tries -ge 500 ]; do /busybox usleep 20000; tries=$((tries + 1)); done
/busybox mount -t ext4 -o rw,noatime /dev/vda /root || exit 1
/busybox mount -o move /dev /root/dev
exec /busybox switch_root /root /sbin/init
INIT
} > "$ram/init"
chmod 755 "$ram/init"
(cd "$ram" && find . | sort | /bin/busybox cpio -o -H newc) > "$boot/initrd.img"
rm -rf "$ram"

chmod 755 /usr/local/lib/vmgrid/*

