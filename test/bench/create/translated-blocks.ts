/**
 * How much of a guest's program QEMU's emulator had to translate: what a waking clone costs there, whatever else the
 * host does. It is asked over the monitor of a machine that its plant has let go of.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const COUNT = /^TB count\s+(\d+)/m;

/** @throws Error when QEMU does not say it, as under KVM */
export async function translatedBlocks(monitor: string): Promise<number> {
  const socket = connect(monitor);
  await once(socket, 'connect');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const ask = async (execute: string, args: object = {}): Promise<unknown> => {
    socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('QEMU has ended');
      const message = JSON.parse(value);
      if ('return' in message) return message.return;
    }
  };
  try {
    await ask('qmp_capabilities');
    await ask('stop');
    const told = String(await ask('human-monitor-command', { 'command-line': 'info jit' }));
    return Number(COUNT.exec(told)![1]);
  } finally {
    socket.destroy();
  }
}
