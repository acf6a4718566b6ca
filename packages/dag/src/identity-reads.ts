/**
 * Finds actions that read what differs from machine to machine (machine id, names, keys, addresses): an image made with
 * such an action would keep the values of its builder. It looks at the script's text only. It is a hint for people, and
 * can be wrong both ways.
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
  /** For people, such as `the host name`. */
  readonly reads: string;
}

/** Returns what the actions that an image may hold seem to read. Actions that run for each machine are left out. */
export const identityReads = (dag: Dag): readonly IdentityRead[] =>
  splitReusable(dag).reusable.actions.flatMap((action) =>
    READS.filter(([pattern]) => pattern.test(textOf(action))).map(([, reads]) => ({ action: action.id, reads })),
  );

const textOf = (action: Action): string => (action.kind === 'script' ? action.script : '');
