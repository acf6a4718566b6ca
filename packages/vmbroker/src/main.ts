/** `vmbroker --config FILE`: runs a broker until it is told to stop; says so on standard output once an upstream knows it. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openSecurity } from '@vmgrid/access';
import { createLog, limitHeap, loadConfig, runDaemon } from '@vmgrid/daemon';
import { BrokerConfig } from './config.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
try {
  const config = await loadConfig(BrokerConfig, values.config === undefined ? {} : { file: values.config });
  limitHeap(config);
  const { startBroker } = await import('./broker-daemon.ts'); // only now: a program that begins anew has not loaded it in vain
  const log = createLog('vmbroker', config.logLevel);
  const surface = { name: config.brokerId, listens: [config.host], dials: [...config.upstreams, ...config.plants] };
  const security = await openSecurity(config, surface, { environment: process.env, log });
  process.exitCode = await runDaemon(
    async () => {
      const broker = await startBroker(config, security, version, log);
      const { brokerId, host } = config;
      const ready = { ready: true, brokerId, host, httpPort: broker.httpPort };
      void broker.joined.then(() => process.stdout.write(`${JSON.stringify(ready)}\n`));
      return broker;
    },
    log,
    security.look,
  );
  security.audit.close();
} catch (error) {
  createLog('vmbroker', 'error').error({ err: error }, 'the broker could not run');
  process.exitCode = 1;
}
// Whatever a slow peer still holds open ends with the process.
process.exit();
