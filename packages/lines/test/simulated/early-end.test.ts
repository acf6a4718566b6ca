/** A machine whose process is killed while the line is still about to watch it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isAlive, type ProcessIdentity } from '@vmgrid/daemon';
import { listeningAddresses } from '@vmgrid/test-support/hosts/processes.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { makeSimulatedBase, SIMULATED_OS } from '../../src/simulated/base-image.ts';
import { findProcess } from '../../src/simulated/machine-process.ts';
import { UNTROUBLED } from '../../src/simulated/simulated-config.ts';
import { SimulatedLine } from '../../src/simulated/simulated-line.ts';
import { SimulatedMachine } from '../../src/simulated/simulated-machine.ts';

const folder = useTemporaryFolder();
const signal = new AbortController().signal;

async function start(line: SimulatedLine) {
  const [image, directory] = [join(folder(), 'image'), join(folder(), 'vm')];
  for (const path of [image, directory]) await mkdir(path);
  const draft = await makeSimulatedBase(image);
  const order = {
    ...{ vmId: 'vm-1', directory, purpose: 'clone', start: 'boot', guestNetwork: 'isolated' },
    machine: { arch: 'x86_64', os: SIMULATED_OS, memoryMiB: 64, cpus: 1, diskMiB: 2_048 },
    image: { directory: image, baseDirectory: image, manifest: draft },
    macAddress: '02:00:00:00:00:01',
  } as never;
  await line.createOverlay(order, signal);
  return line.start(order, signal);
}

async function killed(directory: string): Promise<ProcessIdentity> {
  const process = (await findProcess(directory))!;
  globalThis.process.kill(process.pid, 'SIGKILL');
  return process;
}

test('as it starts: it has crashed', async () => {
  let dead: Promise<ProcessIdentity> | undefined;
  const kill = (step: string) => {
    if (step === 'process') dead = killed(join(folder(), 'vm'));
  };
  const line = new SimulatedLine({ reached: kill }, { ...UNTROUBLED, bootMs: 200 });
  const machine = await start(line);
  expect(isAlive(await dead!)).toBe(false);
  expect(await machine.exited).toMatchObject({ cause: 'crashed' });
});

test('before it is taken hold of again: it has crashed', async () => {
  const line = new SimulatedLine({}, UNTROUBLED);
  const machine = await start(line);
  const { process, state, fate } = { process: await findProcess(join(folder(), 'vm')), state: machine.state, fate: {} };
  machine.detach();
  globalThis.process.kill(process!.pid, 'SIGKILL');
  while (isAlive(process!)) await new Promise(setImmediate);
  const again = await SimulatedMachine.hold(process!, state as never, fate as never);
  expect(await again.exited).toMatchObject({ cause: 'crashed' });
});

test('as its network opens: the port that was found for it is given back', async () => {
  const machine = await start(new SimulatedLine({}, UNTROUBLED));
  const before = await listeningAddresses(process.pid);
  const opening = machine.openNetwork(signal);
  machine.detach();
  await expect(opening).rejects.toMatchObject({ code: 'GUEST_LOST' });
  expect(await listeningAddresses(process.pid)).toEqual(before);
  await machine.stop(0, signal);
});
