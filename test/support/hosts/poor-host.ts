/**
 * Shell text that takes something away from the programs that it then becomes; `unshare` keeps that from the rest of
 * the host.
 */
import { spawnSync } from 'node:child_process';
import { whyNotUnshared } from './namespaces.ts';

const IS_ROOT = process.getuid?.() === 0;

/** A user other than root has to be root to what `unshare` makes. Root stays who it is, and can become others there. */
const AS_ROOT = IS_ROOT ? [] : ['--map-root-user'];

/** Why these cannot be had on this host by this user; undefined when they can. */
export const WHY_NO_POOR_HOST = whyNotUnshared(...AS_ROOT, '--mount', '--net');

/** A network of its own, whose only ports that are given out are reserved. */
export const WITHOUT_PORTS = `exec unshare ${AS_ROOT.join(' ')} --net sh -c '
  ip link set lo up &&
  echo "40000 40001" > /proc/sys/net/ipv4/ip_local_port_range &&
  echo 40000-40001 > /proc/sys/net/ipv4/ip_local_reserved_ports &&
  exec "$@"' sh "$@"`;

/** A user other than root is root only to `mount`, and the same user again to the program. */
const [unshareMounts, asBefore] = IS_ROOT
  ? ['unshare --mount', '']
  : [
      'unshare --map-root-user --mount',
      `unshare --map-user=${process.getuid?.()} --map-group=${process.getgid?.()} --`,
    ];

/** Ptys of its own, of which there is one, and that is taken. */
export const WITHOUT_PTYS = `exec ${unshareMounts} sh -c '
  mount -t devpts -o newinstance,ptmxmode=0666,max=1 devpts /dev/pts &&
  exec 9<> /dev/pts/ptmx &&
  exec ${asBefore} "$@"' sh "$@"`;

/** Makes /dev/kvm, where there is one, an empty file that nobody may open. */
const COVER_KVM = `if [ -e /dev/kvm ]; then
  empty=$(mktemp); chmod 000 "$empty"
  mount --bind "$empty" /dev/kvm; rm -f "$empty"
fi`;

/**
 * For any user: a host on which no program sees KVM, whether this one has it or not. It needs a mount namespace, and
 * for users other than root a user namespace. Where that is forbidden, KVM is visible, and the script says so.
 */
export const WITHOUT_KVM = `
  if [ "$(id -u)" = 0 ]; then exec unshare --mount --propagation private sh -ec '${COVER_KVM}; exec "$@"' sh "$@"; fi
  if unshare --map-root-user --mount true 2> /dev/null; then
    uid=$(id -u) gid=$(id -g) exec unshare --map-root-user --mount sh -ec '${COVER_KVM}
      exec unshare --user --map-user="$uid" --map-group="$gid" -- "$@"' sh "$@"
  fi
  [ ! -e /dev/kvm ] || echo 'no user namespaces here: /dev/kvm of the host is not covered' >&2
  exec "$@"`;

/** Returns the text that a module prints when it runs so. */
export function runPoor(without: string, module: string): string {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', module];
  const { stdout, stderr, status } = spawnSync('sh', ['-c', without, 'sh', ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ended with ${status}: ${stderr}`);
  return stdout;
}
