/**
 * The list of what must differ between two clones of one image, and of where identity leaves traces. `vmgrid images
 * verify --identity`, the comparison of guests and docs/identity.md follow this one list. Pure.
 */

/** A property that no two clones may share. */
export interface Trait {
  /** The ClassAd attribute under which a guest reports it. */
  readonly name: string;
  readonly what: string;
  /** Commands of POSIX shell that print it as words; a guest without it prints none. */
  readonly look: string;
}

const BUS = 'org.freedesktop.DBus';

export const MUST_DIFFER: readonly Trait[] = [
  { name: 'MachineId', what: 'machine id', look: 'cat /etc/machine-id' },
  { name: 'BusMachineId', what: "machine id in D-Bus's own file", look: 'cat /var/lib/dbus/machine-id' },
  { name: 'BootId', what: 'boot id', look: 'cat /proc/sys/kernel/random/boot_id' },
  {
    name: 'BusId',
    what: 'id of the running system bus',
    look: `busctl call ${BUS} /org/freedesktop/DBus ${BUS} GetId | cut -d '"' -f 2`,
  },
  { name: 'KernelHostName', what: 'host name of the running system', look: 'cat /proc/sys/kernel/hostname' },
  { name: 'HostNameFile', what: 'host name of the next boot', look: 'cat /etc/hostname' },
  {
    name: 'HostsLine',
    what: "vmgrid's own line of the hosts file",
    look: 'grep -Fx "127.0.1.1 $(cat /etc/vmgrid/name)" /etc/hosts | cut -c 11-',
  },
  { name: 'CardAddress', what: 'address of the network card', look: 'cat /sys/class/net/eth0/address' },
  { name: 'SshHostKeys', what: 'ssh host keys', look: "cut -d ' ' -f 2 /etc/ssh/ssh_host_*_key.pub" },
  { name: 'RandomNumbers', what: 'random numbers of the kernel', look: "od -An -tx1 -N16 /dev/urandom | tr -d ' '" },
  {
    name: 'RandomSeed',
    what: 'random seed of the next boot',
    look: '[ ! -e /var/lib/systemd/random-seed ] || md5sum < /var/lib/systemd/random-seed | cut -c 1-32',
  },
];

/** Files that hold identity. Their texts and digests may differ between guests that are otherwise equal. */
export const IDENTITY_FILES: readonly RegExp[] = [
  /^\/etc\/(machine-id|hostname|hosts)$/,
  /^\/etc\/ssh\/ssh_host_/,
  /^\/etc\/vmgrid\//,
  /^\/var\/lib\/dbus\/machine-id$/,
  /^\/var\/lib\/systemd\/(random-seed$|timers\/stamp-)/,
  /^\/(var|run)\/log\/journal\//,
];

/** The only mount that identity makes: over the boot id of a clone that did not boot. */
export const IDENTITY_MOUNT = '/proc/sys/kernel/random/boot_id';

/**
 * Returns the text of a script action that reports all traits as attributes; it leaves out those that the guest lacks.
 */
export const lookScript = (): string => ['exec 2> /dev/null', ...MUST_DIFFER.map(telling)].join('\n');

const telling = ({ name, look }: Trait): string => `echo "${name} = \\"$(echo $(${look}))\\"" >> "$VMGRID_ATTRIBUTES"`;

/** Returns the values that both have, by trait. An attribute that is missing, or no text, has no values. */
export function sharedTraits(one: TraitValues, other: TraitValues): readonly SharedTrait[] {
  return MUST_DIFFER.flatMap(({ name, what }) => {
    const others = new Set(wordsOf(other[name]));
    return wordsOf(one[name])
      .filter((word) => others.has(word))
      .slice(0, 1)
      .map((value) => ({ name, what, value }));
  });
}

export type TraitValues = Readonly<Record<string, unknown>>;

export interface SharedTrait extends Pick<Trait, 'name' | 'what'> {
  /** The first word that both have. */
  readonly value: string;
}

/** Also reads expressions, which have quotation marks; no trait contains any. */
const wordsOf = (value: unknown): string[] =>
  typeof value === 'string' ? value.split(/[" ]+/).filter((word) => word !== '') : [];
