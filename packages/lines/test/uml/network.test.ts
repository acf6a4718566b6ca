/** The network of a UML whose guest never comes for it: slirp4netns is a real one, the machine is none. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { identifyProcess, processesOf, waitUntilGone } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { runFolder } from '../../src/process/run-folder.ts';
import { NETWORK_ORDERS, NETWORK_SOCKET } from '../../src/uml/layout.ts';
import { endUserNetwork, NETWORK_LIMITS, type NetworkLimits, openUserNetwork } from '../../src/uml/network.ts';

const folder = useTemporaryFolder();
const UNHURRIED = new AbortController().signal;
const machine = () => ({
  ...({
    process: identifyProcess(process.pid)!,
    directory: folder(),
    purpose: 'clone',
    guestNetwork: 'isolated',
  } as const),
  ...{ uid: undefined, entrance: undefined },
});
/** UML's management console: it takes the card, which the guest then never brings up. */
const run = async () => 'OK';

const failureOf = (limits: Partial<NetworkLimits>, signal = UNHURRIED): Promise<unknown> =>
  openUserNetwork(machine(), { run, limits: { ...NETWORK_LIMITS, ...limits } }, signal).catch((error) => error);

const left = async (): Promise<boolean[]> =>
  Promise.all((await processesOf(folder())).map((one) => waitUntilGone(one, 10_000)));

test('a guest that does not bring its card up in time is named, with the time', async () => {
  await mkdir(runFolder(folder()));
  const error = GridError.from(await failureOf({ cardMs: 1 }));
  expect(error).toMatchObject({ code: 'GUEST_UNREACHABLE', retryable: true, details: { withinMs: 1 } });
  expect(error.message).toBe(`the guest of ${basename(folder())} did not bring its network card up within 1 ms`);
  expect(await left()).not.toContain(false);
});

test('a stack that does not start in time is a failure of its own, with the time', async () => {
  await mkdir(runFolder(folder()));
  await writeFile(join(folder(), 'slirp4netns'), '#!/bin/sh\nsleep 60\n', { mode: 0o755 });
  const { PATH = '' } = process.env;
  process.env.PATH = `${folder()}${delimiter}${PATH}`;
  const error = GridError.from(await failureOf({ stackMs: 20 }));
  process.env.PATH = PATH;
  const message = 'the network of the machine did not start: slirp4netns did not make its socket within 20 ms';
  expect(error).toMatchObject({ code: 'VMM_FAILED', message });
  expect(await left()).not.toContain(false);
});

test('whoever gives up hears its own reason', async () => {
  await mkdir(runFolder(folder()));
  const reason = new GridError('CANCELLED', 'no longer wanted');
  expect(await failureOf({}, AbortSignal.abort(reason))).toBe(reason);
  expect(await left()).not.toContain(false);
});

test('an ended network leaves no names, at which the next one would wait for an answer', async () => {
  await mkdir(runFolder(folder()));
  for (const name of [NETWORK_SOCKET, NETWORK_ORDERS]) await writeFile(join(runFolder(folder()), name), '');
  await endUserNetwork({ directory: folder() });
  expect(await readdir(runFolder(folder()))).toEqual([]);
});
