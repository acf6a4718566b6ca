/**
 * The network of a machine: slirp4netns, a user-mode TCP/IP stack with a process for each machine, on the other end of UML's
 * network card. Card and stack come when the network is opened; before, the guest has none.
 */
import { once } from 'node:events';
import { access, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { abortable, type CommandRunner, identifyProcess, signalProcess, within } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { retryOnChange } from '../../host/retry-on-change.ts';
import { connectUnix } from '../../host/unix-socket.ts';
import type { HostUser } from '../host-user.ts';
import type { GuestAccess } from '../production-line.ts';
import { runFolder } from '../run-folder.ts';
import { logTail, spawnVmm, startFault } from '../spawn-vmm.ts';
import { UNITS } from './command-line.ts';
import { FILES, NETWORK_ORDERS, NETWORK_SOCKET } from './layout.ts';
import type { UmlState } from './machine-state.ts';
import { orderUml } from './management-console.ts';

const GUEST_ADDRESS = '10.0.2.15';
/** For the guest to bring its card up, at which UML connects. */
const OPEN_DEADLINE_MS = 30_000;
/** Free ports tried in turn: somebody else may take one before the stack does. */
const PORT_TRIES = 8;
/**
 * An address no host has (RFC 5737): every connection of the guest's would have to come from it, and fails before a packet is
 * sent. slirp4netns has no switch to forward ports and nothing else.
 */
const NOWHERE = '192.0.2.1';

export interface NetworkedUml extends UmlState {
  /** Of the group that the machine is in. */
  readonly entrance: string | undefined;
}

/** Opens the network unless it is open. */
export async function openUserNetwork(
  uml: NetworkedUml,
  run: CommandRunner,
  signal: AbortSignal,
): Promise<GuestAccess> {
  const orders = new StackOrders(runFolder(uml.directory));
  const deadline = within(signal, OPEN_DEADLINE_MS);
  const sshPort = await orders.forwardedPort(deadline);
  if (sshPort !== undefined) return { sshPort };
  const stack = await startStack(uml, deadline);
  try {
    await orderUml(uml, ['config', `${UNITS.nic}:transport=bess,dst=${NETWORK_SOCKET}`], run, deadline);
    const alive = AbortSignal.any([deadline, stack.ended]);
    return { sshPort: await orders.forwardFreePort(alive) };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

interface Stack {
  readonly ended: AbortSignal;
  stop(): Promise<void>;
}

async function startStack(
  { directory, uid, guestNetwork, entrance }: NetworkedUml,
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
  await Promise.all([NETWORK_SOCKET, NETWORK_ORDERS].map((name) => rm(join(folder, name), { force: true })));
  const spawned = await spawnVmm({ program: 'slirp4netns', args, folder, log, user, entrance });
  const ended = new AbortController();
  void spawned.ended.then(() => ended.abort(new GridError('VMM_FAILED', 'slirp4netns ended')));
  const identity = identifyProcess(spawned.pid);
  const stop = async (): Promise<void> => {
    if (identity) signalProcess(identity, 'SIGKILL');
  };
  try {
    await awaitName(folder, NETWORK_SOCKET, AbortSignal.any([signal, ended.signal]));
    return { ended: ended.signal, stop };
  } catch (error) {
    await stop();
    const output = await logTail(log);
    throw new GridError(startFault(output), 'the network of the machine did not start', { output }, { cause: error });
  }
}

/** Waits until a folder has a name. The socket is not connected to: it is there for one connection, UML's. */
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

/** Version 1.2 lists forwarded ports beside where its manual says it does. */
interface Answer extends Forwards {
  readonly return?: Forwards;
  readonly error?: { readonly desc: string };
}

/** Orders to slirp4netns, one a connection (slirp4netns(1), API socket). */
class StackOrders {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The port that leads to the guest; undefined when no stack is there. */
  async forwardedPort(signal: AbortSignal): Promise<number | undefined> {
    if (!(await isThere(join(this.#folder, NETWORK_ORDERS)))) return undefined;
    const answer = await this.#ask({ execute: 'list_hostfwd' }, signal).catch((): Answer => ({}));
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
