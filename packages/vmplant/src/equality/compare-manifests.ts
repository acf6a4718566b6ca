/** Compares two guests, except for what must or may differ between any two machines. Pure. */
import { IDENTITY_FILES, IDENTITY_MOUNT } from '../identity/must-differ.ts';
import type { GuestManifest } from './guest-manifest.ts';

export interface Difference {
  /** For example `file /etc/motd`. */
  readonly item: string;
  /** The values of the guest that was made cold, and of the other; left out when it has none. */
  readonly cold?: string;
  readonly other?: string;
}

/** Besides identity: times, logs, caches and counters, which also differ between two machines that were made cold. */
const MAY_DIFFER: readonly RegExp[] = [
  /^digest\t\/var\/(log|cache|lib\/systemd|lib\/dpkg|lib\/apt|lib\/logrotate|lib\/misc)\//,
  /^digest\t\/etc\/(shadow|gshadow|shadow-|gshadow-|passwd-|group-|ld\.so\.cache|resolv\.conf|mtab)$/,
  /^(file|digest)\t\/var\/lib\/systemd\/(timers|linger|coredump|timesync)/,
  /^(file|digest)\t\/(tmp|var\/tmp)\/systemd-private-/,
  /^(file|digest)\t\/var\/log\/(journal|wtmp|btmp|lastlog)/,
  /^(file|digest)\t\/run\/(utmp|motd|agetty|lock|blkid|mount|sudo|initramfs|network|ifstate)/,
  /^process\t(systemd-udevd|\(udev-worker\)|\(sd-pam\)|agetty|systemd-(hostnam|timedat|local|user|tmpfile).*)$/,
  /^unit\tsystemd-(tmpfiles-clean|hostnamed|timedated|localed|update-.*|journal-.*|random-seed|binfmt)\./,
  /^unit\tsystemd-(udev-.*|fsck.*|growfs.*|remount-fs.*|machine-id-commit|firstboot|pcr.*)\./,
  /^unit\t(apt-daily.*|dpkg-db-backup|e2scrub.*|fstrim|logrotate|man-db|motd-news|emergency|rescue)\./,
  /^unit\t(user(-runtime-dir)?@|getty|serial-getty@|modprobe@|run-|proc-|dev-|sys-|initrd-)/,
  /^unit\tproc-sys-kernel-random-boot_id\.mount$/,
  /^mount\t(\/proc\/sys\/fs\/binfmt_misc|\/run\/lock)$/,
  /^digest\t\/run\/.*\.pid$/, // the number of a process
];

/** Beside that, of two lines: what their kernels are built with, and which console they have. */
const OF_LINE: readonly RegExp[] = [
  /^(mount|unit)\t(\/sys\/|sys-|dev-(hugepages|mqueue))/,
  /^unit file\tserial-getty@/,
];

/** A unit that does not run is the same whether systemd has looked at its file or not. */
const isNothing = (key: string, value: string): boolean => key.startsWith('unit\t') && value.startsWith('inactive');

/** Parts of values without a meaning: sizes of logs, sizes of databases that hold times, options that count inodes. */
const WITHOUT: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^file\t\/(var\/(log|cache|lib\/systemd|lib\/dpkg|lib\/apt|lib\/logrotate)\/|etc\/(resolv\.conf|hosts|hostname|ld\.so\.cache))/,
    / \d+$/,
  ],
  [/^file\t\/run\/.*\.pid$/, / \d+$/],
  // `inode64` is told by kernels that could also do without.
  [/^mount\t/, /(,?(size|nr_inodes|fd|pgrp|pipe_ino)=[^, ]*)|,inode64/g],
  [/^unit\t/, / (exited|dead|waiting|running|listening|elapsed|mounted)$/],
];

const isIdentity = (key: string): boolean => {
  const [kind, name = ''] = key.split('\t');
  if (kind === 'mount') return name === IDENTITY_MOUNT;
  return (kind === 'file' || kind === 'digest') && IDENTITY_FILES.some((pattern) => pattern.test(name));
};

const counts = (key: string): boolean => !isIdentity(key) && !MAY_DIFFER.some((pattern) => pattern.test(key));

function told(key: string, value: string | undefined): string | undefined {
  if (value === undefined || isNothing(key, value)) return undefined;
  return WITHOUT.reduce((text, [keys, part]) => (keys.test(key) ? text.replace(part, '') : text), value);
}

/** Kernels may lack IPv6: a listener on all addresses, or on loopback, counts once, whatever its protocols. */
const ANY_PROTOCOL = /^socket\t(tcp|udp)6? (?:(0+)|(0100007F|0{24}01000000)):/;

const ofAnyKernel = (manifest: GuestManifest): GuestManifest =>
  new Map(
    [...manifest]
      .filter(([key]) => !OF_LINE.some((pattern) => pattern.test(key)))
      .map(([key, value]) => [
        key.replace(ANY_PROTOCOL, (_, kind, any) => `socket\t${kind} ${any ? '*' : 'self'}:`),
        value,
      ]),
  );

/** Returns the items that differ, sorted by kind and name. */
export function compareManifests(cold: GuestManifest, other: GuestManifest): readonly Difference[] {
  const keys = [...new Set([...cold.keys(), ...other.keys()])].filter(counts).sort();
  return keys.flatMap((key) => {
    const [one, two] = [told(key, cold.get(key)), told(key, other.get(key))];
    if (one === two) return [];
    const item = key.replace('\t', ' ');
    return [{ item, ...(one === undefined ? {} : { cold: one }), ...(two === undefined ? {} : { other: two }) }];
  });
}

/** The same of guests of two lines, but for what comes with a line. */
export const compareLines = (one: GuestManifest, other: GuestManifest): readonly Difference[] =>
  compareManifests(ofAnyKernel(one), ofAnyKernel(other));
