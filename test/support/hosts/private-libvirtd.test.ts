/** The tests' libvirtd, on hosts whose KVM is in one state or another. */
import { describe, expect } from '@jest/globals';
import { testUnless } from '../jest/test-unless.ts';
import { runPoor } from './poor-host.ts';

/** For root: separate devices, with a KVM that is made in this way. */
const withKvm = (make: string) => `exec unshare --mount --propagation private sh -ec '
  nodes=$(mktemp -d)
  for name in null zero full random urandom tty; do cp -a "/dev/$name" "$nodes"; done
  mount -t tmpfs -o mode=755 tmpfs /dev
  cp -a "$nodes"/* /dev; rm -r "$nodes"; mkdir /dev/shm
  ln -s /proc/self/fd /dev/fd
  ${make}
  exec "$@"' sh "$@"`;

const AS_IT_IS = 'exec "$@"';
const HOSTS: Readonly<Record<string, string>> = {
  'is as it is here': AS_IT_IS,
  'is not there': withKvm(''),
  'is for root alone': withKvm('mknod -m 600 /dev/kvm c 10 232'),
  'is for everybody': withKvm('mknod -m 666 /dev/kvm c 10 232'),
  'opens and makes no machine': withKvm(': > /dev/kvm; chmod 666 /dev/kvm'),
};
const isRoot = process.getuid?.() === 0;
/** Why a host cannot be had by who is not root. */
const whyNot = (host: string) => (isRoot || HOSTS[host] === AS_IT_IS ? undefined : 'only root makes devices');
const KINDS = isRoot ? ["{ kind: 'system' }", "{ kind: 'session', user: 'nobody' }"] : ["{ kind: 'session' }"];

/**
 * Prints what libvirt keeps of what QEMU told it, after the first question and after the third: a new answer is a new
 * file.
 */
const ASK = (options: string) => `
  import { execFileSync } from 'node:child_process';
  const { startLibvirtd } = await import(${JSON.stringify(new URL('private-libvirtd.ts', import.meta.url).href)});
  const libvirtd = await startLibvirtd(${options});
  const ask = () => execFileSync('virsh', ['--connect', libvirtd.uri, 'domcapabilities'], { stdio: 'ignore' });
  const kept = () => execFileSync('find', [libvirtd.folder, '-path', '*/capabilities/*.xml', '-printf', '%f %i\\n']);
  try {
    ask();
    const first = kept();
    ask();
    ask();
    console.log(JSON.stringify([String(first), String(kept())]));
  } finally {
    await libvirtd.close();
  }`;

describe.each(Object.keys(HOSTS))('where KVM %s', (host) => {
  for (const kind of KINDS)
    testUnless(whyNot(host))(
      `libvirt asks QEMU once what it can do, and keeps it (${kind})`,
      () => {
        const [first, third] = JSON.parse(runPoor(HOSTS[host]!, ASK(kind)));
        expect(first).toMatch(/\.xml \d+\n/);
        expect(third).toBe(first);
      },
      60_000,
    );
});
