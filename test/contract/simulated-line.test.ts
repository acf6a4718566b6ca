import { UNTROUBLED } from '../../packages/lines/src/simulated/simulated-config.ts';
import { SimulatedLine } from '../../packages/lines/src/simulated/simulated-line.ts';
import { productionLineContract } from './production-line.contract.ts';

/** Slow enough to be cut off amid a start or a suspension. */
const startMs = 100;

productionLineContract({
  name: 'simulated',
  restores: true,
  suspends: true,
  os: 'simulated-1',
  guest: 'paper',
  sandboxed: false,
  make: (_, deps) => new SimulatedLine(deps, { ...UNTROUBLED, startMs, bootMs: startMs }),
});
