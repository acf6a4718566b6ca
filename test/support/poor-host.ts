/** Shell text that takes something away from the programs that it then becomes; `unshare` keeps that from the rest of the host. */
import { spawnSync } from 'node:child_process';

/** As anybody: a network of its own, whose only ports that are given out are reserved. */
export const WITHOUT_PORTS = `exec unshare --map-root-user --net sh -c '
  ip link set lo up &&
  echo "40000 40001" > /proc/sys/net/ipv4/ip_local_port_range &&
  echo 40000-40001 > /proc/sys/net/ipv4/ip_local_reserved_ports &&
  exec "$@"' sh "$@"`;

/** As root: ptys of its own, of which there is one, and that is taken. */
export const WITHOUT_PTYS = `exec unshare --mount sh -c '
  mount -t devpts -o newinstance,ptmxmode=0666,max=1 devpts /dev/pts &&
  exec 9<> /dev/pts/ptmx &&
  exec "$@"' sh "$@"`;

/** What a module prints that runs so; it is text. */
export function runPoor(without: string, module: string): string {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', module];
  const { stdout, stderr, status } = spawnSync('sh', ['-c', without, 'sh', ...command], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ended with ${status}: ${stderr}`);
  return stdout;
}
