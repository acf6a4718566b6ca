/** A plant's end of the link for tests. */

import {
  type BidderHandlers,
  type DialLinkOptions,
  dialLink,
  GridError,
  LINK_PATH,
  type LinkClient,
  TRUST_ALL,
} from '@vmgrid/protocol';
import { type ClientOptions, WebSocket } from 'ws';
import { quiet, type UpperEnd } from './upper-end.ts';

export const VM_ID = 'vm-00000000-0000-4000-8000-000000000000';

const unexpected = (): Promise<never> => Promise.reject(new GridError('VM_UNKNOWN', 'this handler is not set'));

export function handlers(some: Partial<BidderHandlers> = {}): BidderHandlers {
  return {
    estimate: unexpected,
    explain: unexpected,
    create: unexpected,
    configure: unexpected,
    query: unexpected,
    list: unexpected,
    destroy: unexpected,
    suspend: unexpected,
    resume: unexpected,
    start: unexpected,
    renew: unexpected,
    listImages: unexpected,
    buildImage: unexpected,
    removeImage: unexpected,
    labelImage: unexpected,
    verifyEqual: unexpected,
    verifyImages: unexpected,
    collectImages: unexpected,
    suggestImages: unexpected,
    recordedRequests: unexpected,
    imageSet: unexpected,
    ...some,
  };
}

/** A plant as those above it see it. */
export const PLANT_1 = {
  hello: () => ({ plantId: 'plant-1', version: '0.1.0', ad: { Name: 'plant-1' } }),
  handlers: handlers(),
  log: quiet,
  trust: TRUST_ALL,
};

export function dial(url: string, some: Partial<DialLinkOptions> = {}): LinkClient {
  return dialLink({
    url,
    ...PLANT_1,
    random: () => 0,
    ...some,
    limits: { reconnectMinMs: 20, reconnectMaxMs: 100, ...some.limits },
  });
}

/** A bare WebSocket at the link's address, for what no honest bidder sends. */
export async function rawSocket(upper: UpperEnd, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${upper.port}${LINK_PATH}`, { perMessageDeflate: false, ...options });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('open', resolve));
  return socket;
}

export const HELLO_TEXT = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'hello',
  params: { plantId: 'plant-1', version: '0.1.0', ad: {} },
});

export function closed(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}
