/**
 * Names of work in a warehouse, `HOST-PID-BORN-RANDOM`. They identify the process at work, so whoever shares the
 * warehouse can see whether it is still alive. Processes of other hosts cannot be seen: each host sweeps its own.
 */
import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { identifyProcess, type ProcessIdentity } from '@vmgrid/daemon';

/** The process that the name of a work tells. */
export interface WorkOwner {
  readonly host: string;
  readonly pid: number;
  /** Start time of the process. A later process with the same pid has another one. */
  readonly born: string;
}

/**
 * Returns a new name of this process, no longer than a UUID: there are sockets below folders of that name, and their
 * paths have a limit.
 */
export function newWorkName(): string {
  const self = identifyProcess(process.pid);
  if (!self) throw new Error('this process is not in /proc');
  return [thisHost(), self.pid, bornOf(self), randomBytes(4).toString('hex')].join('-');
}

/** Returns undefined for a name of another kind. */
export function ownerOfWork(name: string): WorkOwner | undefined {
  const [, host, pid, born] = /^([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}$/.exec(name) ?? [];
  return host === undefined ? undefined : { host, pid: Number(pid), born: born! };
}

/** Whether a process of this host had this work, and is dead. */
export function isAbandoned(name: string): boolean {
  const owner = ownerOfWork(name);
  return owner !== undefined && isOfThisHost(owner) && !isAtWork(owner);
}

export const isOfThisHost = ({ host }: WorkOwner): boolean => host === thisHost();

/** Whether a process of this host is alive. */
export function isAtWork({ pid, born }: WorkOwner): boolean {
  const found = identifyProcess(pid);
  return found !== undefined && bornOf(found) === born;
}

const thisHost = (): string => digestOf(hostname());
const bornOf = ({ bootId, startTime }: ProcessIdentity): string => digestOf(`${bootId} ${startTime}`);
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
