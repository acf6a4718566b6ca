import { QemuLine } from '../../packages/vmplant/src/lines/qemu/qemu-line.ts';
import { productionLineContract } from './production-line.contract.ts';

productionLineContract({
  name: 'qemu',
  restores: true,
  suspends: true,
  os: 'debian-12',
  ssh: 'server',
  make: (options, deps) => new QemuLine(deps, options),
});
