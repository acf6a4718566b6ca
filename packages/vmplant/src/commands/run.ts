import { openSecurity } from '@vmgrid/access';
import { type ConfigSource, createLog, limitHeap, loadConfig, runDaemon } from '@vmgrid/daemon';
import { PlantConfig } from '../config.ts';

/** Runs a plant; prints one line of JSON on standard output once an upstream knows it. Returns the exit status. */
export async function runCommand(source: ConfigSource, version: string): Promise<number> {
  const config = await loadConfig(PlantConfig, source);
  limitHeap(config);
  // import it only now, so that a program that restarts itself has not loaded it in vain
  const { startPlant } = await import('../plant-daemon.ts');
  const log = createLog('vmplant', config.logLevel);
  const listens = config.httpPort === undefined ? [] : [config.host];
  const surface = { name: config.plantId, listens, dials: config.upstreams };
  const security = await openSecurity(config, surface, { environment: process.env, log });
  const status = await runDaemon(
    async () => {
      const plant = await startPlant(config, { security, version, log });
      const { httpPort } = plant;
      const { plantId, lines } = config;
      const ready = { ready: true, plantId, lines, ...(httpPort === undefined ? {} : { httpPort }) };
      void plant.joined.then(() => process.stdout.write(`${JSON.stringify(ready)}\n`));
      return plant;
    },
    log,
    security.look,
  );
  security.audit.close();
  return status;
}
