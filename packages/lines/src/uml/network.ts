/**
 * The network of a machine: slirp4netns, a user-mode TCP/IP stack, with one process for each machine, at the other end
 * of UML's network card. Card and stack are made when the network is opened; before that the guest has none.
 */
import { once } from 'node:events';
import { access, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  abortable,
  type CommandRunner,
  identifyProcess,
  processesOf,
  signalGroupOf,
  signalProcess,
  within,
} from '@vmgrid/daemon';
import { connectUnix, retryOnChange } from '@vmgrid/host';
import { GridError, late } from '@vmgrid/protocol';
import type { HostUser } from '../process/host-user.ts';
import { runFolder } from '../process/run-folder.ts';
import { logTail, spawnVmm, startFault } from '../process/spawn-vmm.ts';
import type { GuestAccess } from '../production-line.ts';
import { UNITS } from './command-line.ts';
import { FILES, NETWORK_ORDERS, NETWORK_SOCKET } from './layout.ts';
import type { UmlState } from './machine-state.ts';
import { orderUml } from './management-console.ts';

const STACK = 'slirp4netns';
const GUEST_ADDRESS = '10.0.2.15';
export const NETWORK_LIMITS = {
  /** For slirp4netns to make its socket, or to answer when it runs already: moments on an idle host. */
  stackMs: 10_000,
  /** For the guest to bring its card up; UML connects then. */
  cardMs: 30_000,
} as const;

export type NetworkLimits = { readonly [Name in keyof typeof NETWORK_LIMITS]: number };

export interface NetworkDeps {
  /** Runs programs of the host. */
  readonly run: CommandRunner;
  readonly limits?: NetworkLimits;
}

/** Free ports that are tried in turn, because somebody else may take one before the stack does. */
const PORT_TRIES = 8;
/**
 * An address that no host has (RFC 5737). Every connection of the guest would have to come from it, and fails before a
 * packet is sent. slirp4netns has no switch to forward ports only.
 */
const NOWHERE = '192.0.2.1';

export interface NetworkedUml extends UmlState {
  /** The entrance of the machine's group. */
  readonly entrance: string | undefined;
}

/**
 * Opens the network unless it is open. @throws GridError GUEST_UNREACHABLE when the guest does not bring its card up;
 * VMM_FAILED
 */
export async function openUserNetwork(
  uml: NetworkedUml,
  { run, limits = NETWORK_LIMITS }: NetworkDeps,
  signal: AbortSignal,
): Promise<GuestAccess> {
  const orders = new StackOrders(runFolder(uml.directory), limits);
  const sshPort = await orders.forwardedPort(signal);
  if (sshPort !== undefined) return { sshPort };
  const stack = await startStack(uml, limits, signal);
  try {
    await orderUml(uml, ['config', `${UNITS.nic}:transport=bess,dst=${NETWORK_SOCKET}`], { run, signal });
    const limit = { ms: limits.cardMs, signal: AbortSignal.any([signal, stack.ended]), late: cardDown(uml) };
    return { sshPort: await within(limit, (until) => orders.forwardFreePort(until)) };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/**
 * Ends the network of a machine that started anew, which has no card any more that it could serve. Its names go too:
 * whoever opens the network next would wait for an answer of the stack that is gone.
 */
export async function endUserNetwork({ directory }: Pick<UmlState, 'directory'>): Promise<void> {
  const folder = runFolder(directory);
  for (const one of await processesOf(folder)) {
    const name = await readFile(`/proc/${one.pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() === STACK) signalProcess(one, 'SIGKILL');
  }
  await removeNames(folder);
}

const removeNames = (folder: string): Promise<unknown> =>
  Promise.all([NETWORK_SOCKET, NETWORK_ORDERS].map((name) => rm(join(folder, name), { force: true })));

const cardDown = ({ directory }: UmlState) =>
  late('GUEST_UNREACHABLE', `the guest of ${basename(directory)} did not bring its network card up`);

interface Stack {
  readonly ended: AbortSignal;
  stop(): Promise<void>;
}

async function startStack(
  { directory, uid, guestNetwork, entrance }: NetworkedUml,
  { stackMs }: NetworkLimits,
  signal: AbortSignal,
): Promise<Stack> {
  const folder = runFolder(directory);
  const log = join(directory, FILES.networkLog);
  const restricted = ['--disable-host-loopback', '--disable-dns', `--outbound-addr=${NOWHERE}`];
  const args = [
    ...['--target-type=bess', '--enable-seccomp', `--api-socket=${NETWORK_ORDERS}`],
    ...(guestNetwork === 'isolated' ? restricted : []),
    NETWORK_SOCKET,
  ];
  const user: HostUser | undefined = uid === undefined ? undefined : { uid, gid: uid, groups: [] };
  await removeNames(folder);
  const spawned = await spawnVmm({ program: STACK, args, folder, log, user, entrance });
  const ended = new AbortController();
  void spawned.ended.then(() => ended.abort(new GridError('VMM_FAILED', 'slirp4netns ended')));
  const identity = identifyProcess(spawned.pid);
  // It forks, and the process that was started waits for the other.
  const stop = async (): Promise<void> => {
    if (identity) signalGroupOf(identity, 'SIGKILL');
  };
  try {
    const limit = { ms: stackMs, signal: AbortSignal.any([signal, ended.signal]), late: noSocket };
    await within(limit, (until) => awaitName(folder, NETWORK_SOCKET, until));
    return { ended: ended.signal, stop };
  } catch (error) {
    await stop();
    signal.throwIfAborted();
    const output = await logTail(log);
    const message = `the network of the machine did not start: ${(error as Error).message}`;
    throw new GridError(startFault(output), message, { output }, { cause: error });
  }
}

const noSocket = late('VMM_FAILED', 'slirp4netns did not make its socket');

/**
 * Waits until a folder contains a name. It does not connect to the socket, which accepts only one connection: UML's.
 */
async function awaitName(folder: string, name: string, signal: AbortSignal): Promise<void> {
  await retryOnChange(folder, async () => (await isThere(join(folder, name))) || undefined, signal);
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

interface Forwards {
  readonly entries?: readonly { readonly host_port: number }[];
}

/** Version 1.2 lists forwarded ports in another place than its manual says. */
interface Answer extends Forwards {
  readonly return?: Forwards;
  readonly error?: { readonly desc: string };
}

/** Sends commands to slirp4netns, one to a connection (slirp4netns(1), API socket). */
class StackOrders {
  readonly #folder: string;
  readonly #limits: NetworkLimits;

  constructor(folder: string, limits: NetworkLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Returns the port that is forwarded to the guest; undefined when no stack runs. */
  async forwardedPort(signal: AbortSignal): Promise<number | undefined> {
    if (!(await isThere(join(this.#folder, NETWORK_ORDERS)))) return undefined;
    const limit = { ms: this.#limits.stackMs, signal, late: late('VMM_FAILED', 'slirp4netns did not answer') };
    const asked = within(limit, (until) => this.#ask({ execute: 'list_hostfwd' }, until));
    const answer = await asked.catch((): Answer => {
      signal.throwIfAborted();
      return {}; // whoever left that name is gone
    });
    return (answer.return ?? answer).entries?.[0]?.host_port;
  }

  async forwardFreePort(signal: AbortSignal): Promise<number> {
    let refusal = '';
    for (let tried = 0; tried < PORT_TRIES; tried += 1) {
      const port = await freePort();
      const forward = {
        proto: 'tcp',
        host_addr: '127.0.0.1',
        host_port: port,
        guest_addr: GUEST_ADDRESS,
        guest_port: 22,
      };
      const { error } = await this.#ask({ execute: 'add_hostfwd', arguments: forward }, signal);
      if (error === undefined) return port;
      refusal = error.desc;
    }
    throw new GridError('HOST_PORTS_FULL', `no port of ${PORT_TRIES} tried could be forwarded: ${refusal}`);
  }

  async #ask(order: object, signal: AbortSignal): Promise<Answer> {
    const socket = await connectUnix(this.#folder, NETWORK_ORDERS, signal);
    try {
      socket.end(JSON.stringify(order));
      return JSON.parse(await abortable(text(socket), signal)) as Answer;
    } finally {
      socket.destroy();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
