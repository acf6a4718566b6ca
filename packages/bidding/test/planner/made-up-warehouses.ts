/** Random requests with random warehouses: images that match, nearly match, and have nothing to do with the request. */
import type { Dag } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import fc from 'fast-check';
import { digestOf, historyFor, type Labelled, labelledDag } from '../../../dag/test/dags.ts';
import { type Durations, durationKey } from '../../src/durations.ts';
import type { KnownImage } from '../../src/known-image.ts';
import type { LineReports } from '../../src/planner/ways-to-start.ts';
import { baseImage, COMPATIBILITY, historyOf, suspendedImage } from '../made-up-images.ts';
import { lineReport, reportsOf } from '../made-up-plants.ts';

export type Change = { readonly add: KnownImage } | { readonly remove: string };

export interface World {
  readonly machine: MachineSpec;
  readonly dag: Dag;
  readonly changes: readonly Change[];
  readonly lines: LineReports;
  readonly durations: Durations;
}

const mostly = <T>(common: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(common) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

/** Few values each, so that most machines are alike, and many options tie. */
const machineOf = fc.record({
  arch: mostly('x86_64', 'aarch64'),
  os: mostly('debian-12', 'alpine-3'),
  memoryMiB: mostly(256, 512),
  cpus: mostly(1, 2),
  diskMiB: mostly(2048, 1024, 4096),
}) as fc.Arbitrary<MachineSpec>;

const line = mostly<'qemu' | 'uml'>('qemu', 'uml');
const requested: fc.Arbitrary<MachineSpec> = fc
  .record({ machine: machineOf, line: fc.option(line, { nil: undefined, freq: 3 }) })
  .map(({ machine, line: wanted }) => (wanted === undefined ? machine : { ...machine, line: wanted }));

const imageWith = (history: fc.Arbitrary<readonly string[]>): fc.Arbitrary<KnownImage> =>
  fc
    .record({
      id: fc.nat(30),
      machine: machineOf,
      line,
      history,
      suspended: fc.boolean(),
      diskFormat: mostly<'raw' | 'qcow2'>('raw', 'qcow2'),
      accelerator: mostly('kvm', 'tcg'),
      survivesBoot: mostly<boolean | undefined>(true, false, undefined),
    })
    .map(({ id, machine, line: made, history: effects, suspended, diskFormat, accelerator, survivesBoot }) => {
      const marked = historyOf(...effects.map(digestOf)).map((entry, at) =>
        at === 0
          ? { digest: entry.digest, id: entry.id, ...(survivesBoot === undefined ? {} : { survivesBoot }) }
          : entry,
      );
      const changes = { machine, line: made, diskFormat, history: marked };
      const compatibility = { ...COMPATIBILITY, accelerator };
      return suspended
        ? suspendedImage(`image-${id}`, { ...changes, compatibility })
        : baseImage(`image-${id}`, changes);
    });

const linesOf: fc.Arbitrary<LineReports> = fc
  .record({ available: fc.boolean(), restores: fc.boolean(), both: fc.boolean() })
  .map(({ available, restores, both }) =>
    reportsOf(
      lineReport(),
      ...(both ? [lineReport({ line: 'uml', available, restores, diskFormats: ['raw'], mostCpus: 1 })] : []),
    ),
  );

/** Coarse, so that ties are frequent; what is not learnt is assumed. */
const durationsFor = (effects: readonly string[]): fc.Arbitrary<Durations> =>
  fc
    .record({
      actions: fc.array(fc.option(fc.nat(4)), { minLength: effects.length, maxLength: effects.length }),
      starts: fc.dictionary(
        fc
          .tuple(fc.constantFrom('restore' as const, 'boot' as const), line, fc.nat(30))
          .map(([start, on, id]) => durationKey.start(start, on, `image-${id}`)),
        fc.nat(16),
        { maxKeys: 5 },
      ),
    })
    .map(({ actions, starts }) => {
      const learnt = new Map(Object.entries(starts).map(([key, quarters]) => [key, quarters / 4]));
      for (const [node, quarters] of actions.entries()) {
        if (quarters !== null) learnt.set(durationKey.action(digestOf(effects[node]!)), quarters / 4);
      }
      return durationsOf(learnt);
    });

export function durationsOf(learnt: ReadonlyMap<string, number>): Durations {
  return {
    expect: (...keys) => keys.map((key) => learnt.get(key)).find((seconds) => seconds !== undefined),
    least: (start) => {
      const seconds = [...learnt].filter(([key]) => key.startsWith(`${start}:`)).map(([, value]) => value);
      return seconds.length === 0 ? undefined : Math.min(...seconds);
    },
  };
}

/** The beginning of an order that the DAG allows: a history that matches. */
const beginningOf = ({ dag, effects }: Labelled): fc.Arbitrary<readonly string[]> =>
  fc
    .record({
      length: fc.nat(effects.length),
      dice: fc.array(fc.nat(99), { minLength: effects.length, maxLength: effects.length }),
    })
    .map(({ length, dice }) => {
      const left = new Set(dag.actions.keys());
      return dice.slice(0, length).map((throwOf) => {
        const held = new Set((dag.edges ?? []).filter(({ from }) => left.has(numberOf(from))).map(({ to }) => to));
        const ready = [...left].filter((node) => !held.has(dag.actions[node]!.id));
        const node = ready[throwOf % ready.length]!;
        left.delete(node);
        return effects[node]!;
      });
    });

const numberOf = (id: string): number => Number(id.slice(1));

const changesFor = (labelled: Labelled, strange: Labelled): fc.Arbitrary<readonly Change[]> => {
  const history = fc.oneof(
    { weight: 6, arbitrary: beginningOf(labelled) },
    { weight: 3, arbitrary: historyFor(labelled) },
    { weight: 1, arbitrary: historyFor(strange) },
  );
  return fc.array(
    fc.oneof(
      { weight: 8, arbitrary: imageWith(history).map((add) => ({ add })) },
      { weight: 1, arbitrary: fc.nat(30).map((id) => ({ remove: `image-${id}` })) },
    ),
    { maxLength: 30, size: 'max' },
  );
};

/** Requests of up to `maxNodes` actions with effects from an alphabet of up to `maxEffects`. */
export const worldOf = (maxNodes: number, maxEffects: number): fc.Arbitrary<World> =>
  fc.tuple(labelledDag(maxNodes, maxEffects), labelledDag(maxNodes, 26)).chain(([labelled, strange]) =>
    fc.record({
      machine: requested,
      dag: fc.constant(labelled.dag),
      changes: changesFor(labelled, strange),
      lines: linesOf,
      durations: durationsFor(labelled.effects),
    }),
  );
