/** A real broker in a process of its own. Says its port when it is open, and `joined` when the shop knows it. */
import type { Authenticator } from '@vmgrid/access';
import { createLog } from '@vmgrid/daemon';
import { GridError, TRUST_ALL } from '@vmgrid/protocol';
import { startBroker } from '../../../packages/vmbroker/src/broker-daemon.ts';
import type { BrokerConfig } from '../../../packages/vmbroker/src/config.ts';

export interface BrokerOrder {
  readonly brokerId: string;
  readonly upstream: string;
}

/** The bench comes over links alone. */
const NOBODY: Authenticator = {
  authenticate: () => {
    throw new GridError('UNAUTHENTICATED', 'this broker takes no requests over HTTP');
  },
};

process.on('message', ({ brokerId, upstream }: BrokerOrder) => {
  const config = {
    ...{ brokerId, upstreams: [upstream], plants: [], host: '127.0.0.1', httpPort: 0 },
    ...{ plantReturnMs: 1_000, requestsPerMinute: 6_000, logLevel: 'error' as BrokerConfig['logLevel'] },
  };
  void startBroker(
    config,
    { authenticator: NOBODY, audit: { add: () => undefined, list: () => ({ entries: [] }) }, trust: TRUST_ALL },
    '0.1.0',
    createLog('vmbroker', 'error'),
  ).then(async ({ httpPort, joined }) => {
    await joined;
    process.send!({ httpPort });
  });
});
process.on('disconnect', () => process.exit());
