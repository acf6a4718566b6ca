/** See plant-process.ts. Its only argument says what to do; it ends when it is killed. */

import { type LineOptions, makeLines } from '../../packages/lines/src/make-lines.ts';
import type { LineName } from '../../packages/protocol/src/index.ts';
import type { Begun, PlantWork } from './plant-process.ts';

const DEADLINE_MS = 120_000;

interface Job {
  readonly name: LineName;
  readonly options: LineOptions;
  readonly work: PlantWork;
}

const { name, options, work } = JSON.parse(process.argv[2]!) as Job;
const signal = AbortSignal.timeout(DEADLINE_MS);
const line = makeLines([name], options).get(name)!;
await line.createOverlay(work.order, signal);
const machine = await line.start(work.order, signal);
await machine.insertDisc(work.disc, signal);
const guest = await machine.guest(signal);
for await (const _ of guest.run(['/bin/sh', '-c', work.script], signal)) {
  const begun: Begun = { state: machine.state, discDevice: guest.discDevice };
  console.log(JSON.stringify(begun));
}
