/**
 * Whether an action looks at what every machine has of its own, so that an image would keep its builder's: its
 * machine id, name, keys, addresses. By the text of its script alone: a hint for people, which can be wrong both
 * ways.
 */
import { splitReusable } from './reusable.ts';
import type { Action, Dag } from './schema.ts';

const READS: readonly (readonly [RegExp, string])[] = [
  [/\/(etc|var\/lib\/dbus)\/machine-id\b/, 'the machine id'],
  [/\/etc\/hostname\b|(?<![\w/.=-])(hostname(?! *=)|hostnamectl)\b|\$\{?HOSTNAME\b|\buname +-\w*n/, 'the host name'],
  [/ssh_host_\w+/, 'the ssh host keys'],
  [/\/proc\/sys\/kernel\/random\/boot_id\b/, 'the boot id'],
  [/\/sys\/class\/net\/\S+\/address\b|\bip +(-\S+ +)*(a|addr|address|link)\b|\bifconfig\b/, 'a network address'],
];

export interface IdentityRead {
  readonly action: string;
  /** `the host name`. */
  readonly reads: string;
}

/** What the actions that an image may hold seem to read; none of what runs for each machine. */
export const identityReads = (dag: Dag): readonly IdentityRead[] =>
  splitReusable(dag).reusable.actions.flatMap((action) =>
    READS.filter(([pattern]) => pattern.test(textOf(action))).map(([, reads]) => ({ action: action.id, reads })),
  );

const textOf = (action: Action): string => (action.kind === 'script' ? action.script : '');
