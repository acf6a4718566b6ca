/** `vmshop --config FILE`: runs a shop until it is told to stop. */
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
import { ShopConfig } from './config.ts';

const USAGE = `vmshop --config FILE [--override JSON]

Runs a shop until it is told to stop by SIGTERM or SIGINT. FILE is described in docs/configuration.md.`;

const { values } = programOptions(USAGE, { options: CONFIG_OPTIONS });
const log = createLog('vmshop', 'info');
outliveReaders(() => undefined);
try {
  const config = await loadConfig(ShopConfig, configSource(values));
  limitHeap(config);
  // only now: a program that begins anew has not loaded it in vain
  const { startShop } = await import('./shop-daemon.ts');
  const shopLog = createLog('vmshop', config.logLevel);
  const surface = { name: 'shop', listens: [config.host], dials: config.plants };
  const security = await openSecurity(config, surface, { environment: process.env, log: shopLog });
  process.exitCode = await runDaemon(
    async () => {
      const shop = await startShop(config, security, shopLog);
      const { httpPort, xmlPort } = shop;
      process.stdout.write(`${JSON.stringify({ ready: true, host: config.host, httpPort, xmlPort })}\n`);
      return shop;
    },
    shopLog,
    security.look,
  );
  security.audit.close();
} catch (error) {
  const { line, entry } = refusalToRun(error);
  process.stdout.write(line);
  log.error(entry, 'the shop could not run');
  process.exitCode = 1;
}
// Whatever a slow client still holds open ends with the process.
process.exit();
