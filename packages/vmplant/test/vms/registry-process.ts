/** Changes a record again and again, and says each number once it is on the disk. */
import { VmRegistry } from '../../src/vms/vm-registry.ts';
import { recordOf } from './made-up-records.ts';

const registry = await VmRegistry.open(process.argv[2]!);
await registry.add(recordOf({ actionsRun: 0 }));
for (let count = 1; ; count += 1) {
  await registry.update('vm-1', (record) => ({ ...record, actionsRun: count }));
  console.log(count);
}
