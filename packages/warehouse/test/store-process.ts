/** One process at a shared warehouse. It prints a line when it has finished its task. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GoldenImage } from '../src/images/manifest.ts';
import { WarehouseLock } from '../src/lock.ts';
import { Warehouse } from '../src/warehouse.ts';
import { baseDraft, promote, suspendedDraft } from './made-up-images.ts';

const EXPECTED = ['IMAGE_UNKNOWN', 'IMAGE_IN_USE'];
const BASES = ['base-0', 'base-1'];
const CHILDREN = ['child-0', 'child-1', 'child-2'];

const [directory, task, ...args] = process.argv.slice(2) as [string, string, ...string[]];

switch (task) {
  case 'promote':
    await promote(await Warehouse.open(directory), baseDraft(args[0]!, { createdBy: 'another process' }));
    console.log('promoted');
    break;
  case 'stage':
    await (await Warehouse.open(directory)).claims.stage();
    console.log('staged');
    await sleep(60_000);
    break;
  case 'lock':
    await new WarehouseLock(join(directory, 'lock.sqlite')).hold(async () => {
      console.log('locked');
      await sleep(60_000);
    });
    break;
  case 'storm':
    await storm(await Warehouse.open(directory), Number(args[0]), Number(args[1]));
    break;
  default:
    throw new Error(`no task ${task}`);
}

/** Random work on few images. Prints one line for each thing that must not be, then how often each step succeeded. */
async function storm(warehouse: Warehouse, seed: number, steps: number): Promise<void> {
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const done: Record<string, number> = {};
  const work: Readonly<Record<string, (step: number) => Promise<unknown>>> = {
    promoteBase: () => promote(warehouse, baseDraft(pick(BASES))),
    promoteChild: () => promote(warehouse, suspendedDraft(pick(CHILDREN), pick(BASES))),
    removeChild: () => warehouse.remove(pick(CHILDREN)),
    removeBase: () => warehouse.remove(pick(BASES)),
    use: (step) => use(warehouse, pick([...BASES, ...CHILDREN]), `vm-${seed}-${step}`),
    look: () => warehouse.inventory.images(),
    open: () => Warehouse.open(warehouse.directory),
  };
  for (let step = 0; step < steps; step += 1) {
    const name = pick(Object.keys(work));
    try {
      await work[name]!(step);
      done[name] = (done[name] ?? 0) + 1;
    } catch (error) {
      if (!EXPECTED.includes((error as { code?: string }).code ?? '')) console.log(`${name}: ${error}`);
    }
  }
  console.log(JSON.stringify(done));
}

/** Does what a VM does: holds an image, reads it for a while, releases it. */
async function use(warehouse: Warehouse, id: string, user: string): Promise<void> {
  await warehouse.references.acquire(id, user);
  try {
    for (let look = 0; look < 10; look += 1) {
      const image = (await warehouse.inventory.images()).get(id);
      if (!image) console.log(`${id} is held by ${user} and gone`);
      else await requireComplete(image, user);
    }
  } finally {
    await warehouse.references.drop(id, user);
  }
}

async function requireComplete({ manifest, directory: folder }: GoldenImage, user: string): Promise<void> {
  for (const { file, sha256 } of manifest.files) {
    const content = await readFile(join(folder, file)).catch(() => 'missing');
    const actual = createHash('sha256').update(content).digest('hex');
    if (actual !== sha256) console.log(`${file} of ${manifest.id} is not whole while ${user} holds it`);
  }
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
