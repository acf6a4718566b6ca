import { QemuLine } from '../../packages/lines/src/qemu/qemu-line.ts';
import { productionLineContract } from './production-line.contract.ts';

productionLineContract({
  name: 'qemu',
  restores: true,
  suspends: true,
  os: 'tiny-1',
  guest: 'linux',
  sandboxed: true,
  make: (options, deps) => new QemuLine(deps, options),
});
