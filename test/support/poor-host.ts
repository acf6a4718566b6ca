/** Shell text that takes something away from the programs that it then becomes; `unshare` keeps that from the rest of the host. */
import { spawnSync } from 'node:child_process';
import { whyNotUnshared } from './namespaces.ts';

const IS_ROOT = process.getuid?.() === 0;

/** Why these cannot be had on this host by this user; undefined when they can. */
export const WHY_NO_POOR_HOST = whyNotUnshared('--map-root-user', '--mount', '--net');

/** A network of its own, whose only ports that are given out are reserved. */
export const WITHOUT_PORTS = `exec unshare --map-root-user --net sh -c '
  ip link set lo up &&
  echo "40000 40001" > /proc/sys/net/ipv4/ip_local_port_range &&
  echo 40000-40001 > /proc/sys/net/ipv4/ip_local_reserved_ports &&
  exec "$@"' sh "$@"`;

/** Who is not root is root to `mount` alone, and again the same user to the program. */
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

/** What a module prints that runs so; it is text. */
export function runPoor(without: string, module: string): string {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', module];
  const { stdout, stderr, status } = spawnSync('sh', ['-c', without, 'sh', ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ended with ${status}: ${stderr}`);
  return stdout;
}
