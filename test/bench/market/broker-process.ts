/** A real broker in a process of its own. Says its port when it is open, and `joined` when the shop knows it. */
import { createLog } from '@vmgrid/daemon';
import { startBroker } from '../../../packages/vmbroker/src/broker-daemon.ts';
import type { BrokerConfig } from '../../../packages/vmbroker/src/config.ts';

export interface BrokerOrder {
  readonly brokerId: string;
  readonly upstream: string;
}

process.on('message', ({ brokerId, upstream }: BrokerOrder) => {
  const config = {
    ...{ brokerId, upstreams: [upstream], plants: [], host: '127.0.0.1', httpPort: 0 },
    ...{ requestsPerMinute: 6_000, logLevel: 'error' as BrokerConfig['logLevel'] },
  };
  void startBroker(config, '0.1.0', createLog('vmbroker', 'error')).then(async ({ httpPort, joined }) => {
    await joined;
    process.send!({ httpPort });
  });
});
process.on('disconnect', () => process.exit());
