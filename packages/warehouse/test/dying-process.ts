/**
 * Works on a warehouse and kills itself once it has reached the given step; prints `ended` when there are fewer steps.
 */
import { join } from 'node:path';
import { collectImages } from '../../vmplant/src/images/image-collector.ts';
import { importArchive } from '../src/archive/import.ts';
import { Warehouse } from '../src/warehouse.ts';
import { promote, suspendedDraft } from './made-up-images.ts';

const [directory, task, lastStep] = process.argv.slice(2) as [string, string, string];

let steps = 0;
const reached = () => {
  steps += 1;
  if (steps === Number(lastStep)) process.kill(process.pid, 'SIGKILL');
};
const warehouse = await Warehouse.open(directory, {
  owner: 'dying',
  reached,
});

const TASKS: Readonly<Record<string, () => Promise<unknown>>> = {
  promote: () => promote(warehouse, suspendedDraft('new', 'base')),
  import: () =>
    importArchive(warehouse, join(directory, '../archive'), {
      ...{ signal: new AbortController().signal, restoreFault: () => undefined },
      onFile: (_, state) => state === 'done' && reached(),
    }),
  remove: () => warehouse.remove('old'),
  collect: () => collectImages(warehouse, { expect: () => undefined, least: () => undefined }, { targetMiB: 0 }),
};

await TASKS[task]!();
console.log('ended');
