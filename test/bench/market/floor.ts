/** Round trips over a bare WebSocket to another process. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { percentile } from '../suite.ts';
import { Child } from './child.ts';

const MESSAGE = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'estimate', params: 'x'.repeat(500) });
const IN_FLIGHT = 32;
const WARM_UP_MS = 500;

export interface Floor {
  /** With 32 under way at a time. */
  readonly echoesPerSecond: number;
  /** With one under way at a time. */
  readonly p50Ms: number;
}

export async function measureFloor(forMs: number): Promise<Floor> {
  const child = new Child('echo-process.ts');
  try {
    const { port } = await child.ask<{ port: number }>();
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, 'open');
    await echo(socket, 1, WARM_UP_MS);
    const single = await echo(socket, 1, forMs);
    const many = await echo(socket, IN_FLIGHT, forMs);
    socket.terminate();
    return { echoesPerSecond: Math.round((many.length * 1_000) / forMs), p50Ms: percentile(single, 0.5) };
  } finally {
    await child.end();
  }
}

/** How long each round trip took. */
async function echo(socket: WebSocket, inFlight: number, forMs: number): Promise<number[]> {
  const sentAt: number[] = [];
  const tookMs: number[] = [];
  const endsAt = performance.now() + forMs;
  const { promise, resolve } = Promise.withResolvers<void>();
  const send = () => {
    sentAt.push(performance.now());
    socket.send(MESSAGE);
  };
  const receive = () => {
    tookMs.push(performance.now() - sentAt.shift()!);
    if (performance.now() < endsAt) send();
    else if (sentAt.length === 0) resolve();
  };
  socket.on('message', receive);
  for (let sent = 0; sent < inFlight; sent++) send();
  await promise;
  socket.off('message', receive);
  return tookMs;
}
