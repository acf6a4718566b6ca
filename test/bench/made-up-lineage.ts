/**
 * A large warehouse with a past, from a seed: families of requests, each with images that grew from one another along
 * orders its DAG allows; images that went astray; and images that belong to no family. Manifests only, no files.
 */
import { createHash } from 'node:crypto';
import { type Durations, durationKey, type KnownImage, type LineReports, type RanAction } from '@vmgrid/bidding';
import { type Action, type Dag, type DagIndex, prepareDag } from '@vmgrid/dag';
import type { LineName, MachineSpec } from '@vmgrid/protocol';

export const ACTIONS_OF_A_REQUEST = 50;
/** Number of these actions that other families have as well (updates, users, keys). */
const COMMON_IN_A_FAMILY = 12;
const COMMON_ACTIONS = 200;
/** Share of images that belong to no family. */
const UNRELATED = 0.2;
/** Share of images with an action that the family's requests do not have. */
const ASTRAY = 0.1;

const COMPATIBILITY = {
  vmm: 'qemu',
  vmmVersion: '8.2.2',
  accelerator: 'kvm',
  machineType: 'microvm',
  cpuModel: 'host',
  layout: 'devices-1',
};
const MACHINES: readonly MachineSpec[] = [512, 512, 512, 512, 512, 512, 1024, 2048].flatMap((memoryMiB) =>
  ['debian-12', 'debian-12', 'debian-12', 'alpine-3'].map(
    (os): MachineSpec => ({ arch: 'x86_64', os, memoryMiB, cpus: 1, diskMiB: 2048 }),
  ),
);

export const lines: LineReports = new Map([
  [
    'qemu' as LineName,
    {
      ...{ line: 'qemu' as LineName, available: true, reason: '', compatibility: COMPATIBILITY },
      ...{ restores: true, diskFormats: ['raw', 'qcow2'] },
    },
  ],
]);

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Family {
  readonly dag: Dag;
  readonly index: DagIndex;
  readonly entries: readonly RanAction[];
  readonly histories: (readonly number[])[];
  /** The content of its images: machine and actions, in any order. */
  readonly known: Set<string>;
}

export class Lineage {
  readonly images: KnownImage[] = [];
  readonly durations: Durations;
  readonly #random: () => number;
  readonly #families: readonly Family[];
  readonly #learnt = new Map<string, number>();
  #serial = 0;

  constructor(imageCount: number, familyCount: number, seed: number) {
    this.#random = randomFrom(seed);
    const common = Array.from({ length: COMMON_ACTIONS }, (_, number) => script(`apt-get install common-${number}`));
    this.#families = Array.from({ length: familyCount }, () => this.#family(common));
    for (const { entries } of this.#families) for (const { digest } of entries) this.#learnAction(digest);
    const strange = this.#family(common.slice(0, ACTIONS_OF_A_REQUEST));
    while (this.images.length < imageCount)
      this.images.push(this.#random() < UNRELATED ? this.#unrelated(strange) : this.#grown());
    const least = { restore: 0.1, boot: 5 };
    this.durations = { expect: (...keys) => this.#expect(keys), least: (start) => least[start] };
  }

  /** Returns a user's request in a family: its DAG, with up to ten of the actions replaced by the user's own. */
  request(): { readonly machine: MachineSpec; readonly dag: Dag } {
    const { dag } = this.#pick(this.#families);
    const own = new Set(Array.from({ length: this.#below(11) }, () => this.#below(dag.actions.length)));
    const actions = dag.actions.map((action, node) =>
      own.has(node) ? { ...script(`useradd user-${++this.#serial}`), id: action.id } : action,
    );
    return { machine: this.#pick(MACHINES), dag: { ...dag, actions } };
  }

  /**
   * Actions in an order of their own, each after up to three of the ten before it; in every other DAG one stands twice.
   */
  #family(common: readonly Action[]): Family {
    const effects = Array.from({ length: ACTIONS_OF_A_REQUEST }, (_, node) =>
      node < COMMON_IN_A_FAMILY ? this.#pick(common) : script(`configure part-${++this.#serial}`),
    ).sort(() => this.#random() - 0.5);
    if (this.#random() < 0.5) effects[40] = effects[20]!;
    const actions = effects.map((action, node) => ({ ...action, id: `n${node}` }));
    const edges = actions.flatMap(({ id: to }, node) =>
      Array.from({ length: Math.min(node, this.#below(4)) }, () => ({
        from: `n${node - 1 - this.#below(Math.min(node, 10))}`,
        to,
      })),
    );
    const dag = { actions, edges };
    const index = prepareDag(dag);
    return {
      dag,
      index,
      entries: index.digests.map((digest, node) => entryOf(digest, `n${node}`)),
      histories: [[]],
      known: new Set(),
    };
  }

  /**
   * An image that goes on from an earlier one of its family by one to twelve actions, as a request would have made it:
   * none is made where there is one already of the same machine and the same actions.
   */
  #grown(): KnownImage {
    for (;;) {
      const family = this.#pick(this.#families);
      const nodes = this.#extend(family, this.#pick(family.histories), 1 + this.#below(12));
      const machine = this.#pick(MACHINES);
      const entries = nodes.map((node) => family.entries[node]!);
      if (this.#random() < ASTRAY) {
        entries.splice(this.#below(entries.length + 1), 0, this.#ownEntry());
        return this.#image(machine, entries);
      }
      const meaning = `${machine.os} ${machine.memoryMiB} ${nodes.toSorted((a, b) => a - b)}`;
      if (family.known.has(meaning)) continue;
      family.known.add(meaning);
      family.histories.push(nodes);
      return this.#image(machine, entries);
    }
  }

  #extend({ index: { graph } }: Family, from: readonly number[], by: number): number[] {
    const nodes = [...from];
    const ran = new Set(from);
    for (let step = 0; step < by && nodes.length < graph.size; step++) {
      const ready = graph.predecessors.flatMap((before, node) =>
        !ran.has(node) && before.every((other) => ran.has(other)) ? [node] : [],
      );
      const node = this.#pick(ready);
      ran.add(node);
      nodes.push(node);
    }
    return nodes;
  }

  #unrelated({ entries }: Family): KnownImage {
    const history = Array.from({ length: 1 + this.#below(40) }, () =>
      this.#random() < 0.5 ? this.#pick(entries) : this.#ownEntry(),
    );
    return this.#image(this.#pick(MACHINES), history);
  }

  #ownEntry(): RanAction {
    const number = ++this.#serial;
    return entryOf(createHash('sha256').update(`own ${number}`).digest('hex'), `own-${number}`);
  }

  #image(machine: MachineSpec, history: RanAction[]): KnownImage {
    const id = `image-${this.images.length}`;
    const isSuspended = this.#random() < 0.9;
    if (this.#random() < 0.3) this.#learnt.set(durationKey.start('restore', 'qemu', id), 0.1 + this.#below(400) / 1000);
    if (this.#random() < 0.3) this.#learnt.set(durationKey.start('boot', 'qemu', id), 5 + this.#below(20));
    return {
      manifest: {
        id,
        machine,
        ...{ line: 'qemu', diskFormat: isSuspended ? 'qcow2' : 'raw' },
        createdAt: '2026-01-01T00:00:00Z',
        history,
        boot: BOOT,
        ...(isSuspended ? { memory: {}, compatibility: COMPATIBILITY } : {}),
      },
    };
  }

  #learnAction(digest: string): void {
    if (this.#random() < 0.7) this.#learnt.set(durationKey.action(digest), 0.1 + this.#random() * 40);
  }

  #expect(keys: readonly string[]): number | undefined {
    for (const key of keys) if (this.#learnt.has(key)) return this.#learnt.get(key);
    return undefined;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }
}

const BOOT = { layouts: ['devices-1'] };

const script = (text: string): Action => ({ kind: 'script', id: 'any', script: text });

const entryOf = (digest: string, id: string): RanAction => ({ digest, id });
