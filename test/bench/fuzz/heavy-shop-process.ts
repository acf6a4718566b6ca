/**
 * A shop that looks how long its event loop stands still. Says its ports; then, asked for it, the longest time since it
 * was asked before.
 */
import { openSecurity } from '@vmgrid/access';
import { checkConfig, createLog } from '@vmgrid/daemon';
import { ShopConfig } from '../../../packages/vmshop/src/config.ts';
import { startShop } from '../../../packages/vmshop/src/shop-daemon.ts';

export interface HeavyShopOrder {
  readonly config: object;
}

export interface Standstill {
  /** How late the event loop came at most, in milliseconds. */
  readonly delayMs: number;
  /** The longest processor time of its thread between two looks: less than the delay where others had the processor. */
  readonly cpuMs: number;
}

const LOOKED_EVERY_MS = 5;
const log = createLog('heavy shop', 'error');
let worst: Standstill = { delayMs: 0, cpuMs: 0 };

function watch(): void {
  let at = performance.now();
  let cpu = process.threadCpuUsage();
  setInterval(() => {
    const now = performance.now();
    const { user, system } = process.threadCpuUsage(cpu);
    worst = {
      delayMs: Math.max(worst.delayMs, now - at - LOOKED_EVERY_MS),
      cpuMs: Math.max(worst.cpuMs, (user + system) / 1_000),
    };
    at = now;
    cpu = process.threadCpuUsage();
  }, LOOKED_EVERY_MS);
}

process.on('message', (order: HeavyShopOrder | 'standstill') => {
  if (order !== 'standstill') void open(order);
  else {
    process.send!(worst);
    worst = { delayMs: 0, cpuMs: 0 };
  }
});
process.on('disconnect', () => process.exit());

async function open({ config: given }: HeavyShopOrder): Promise<void> {
  const config = checkConfig(ShopConfig, given, 'the bench');
  const surface = { name: 'shop', listens: [config.host], dials: [] };
  const security = await openSecurity(config, surface, { environment: process.env, log });
  const { httpPort } = await startShop(config, security, log);
  watch();
  process.send!({ httpPort });
}
