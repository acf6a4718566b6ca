/**
 * `vmbroker --config FILE`: runs a broker until it is told to stop; says so on standard output once an upstream knows
 * it.
 */
import { readFileSync } from 'node:fs';
import { openSecurity } from '@vmgrid/access';
import {
  CONFIG_OPTIONS,
  configSource,
  createLog,
  limitHeap,
  loadConfig,
  outliveReaders,
  programOptions,
  runDaemon,
} from '@vmgrid/daemon';
import { refusalToRun } from '@vmgrid/protocol';
import { BrokerConfig } from './config.ts';

const USAGE = `vmbroker --config FILE [--override JSON]

Runs a broker until it is told to stop by SIGTERM or SIGINT. FILE is described in docs/configuration.md.`;

const { values } = programOptions(USAGE, { options: CONFIG_OPTIONS });
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
outliveReaders(() => undefined);
try {
  const config = await loadConfig(BrokerConfig, configSource(values));
  limitHeap(config);
  // only now: a program that begins anew has not loaded it in vain
  const { startBroker } = await import('./broker-daemon.ts');
  const log = createLog('vmbroker', config.logLevel);
  const surface = { name: config.brokerId, listens: [config.host], dials: [...config.upstreams, ...config.plants] };
  const security = await openSecurity(config, surface, { environment: process.env, log });
  process.exitCode = await runDaemon(
    async () => {
      const broker = await startBroker(config, { security, version, log });
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
  const { line, entry } = refusalToRun(error);
  process.stdout.write(line);
  createLog('vmbroker', 'error').error(entry, 'the broker could not run');
  process.exitCode = 1;
}
// Whatever a slow peer still holds open ends with the process.
process.exit();
