/** Random plants that publish, their changes, and requests among them. */
import type { KnownImage } from '@vmgrid/bidding';
import {
  ImageIndex,
  makeOffer,
  NOTHING_USED,
  ownerFingerprint,
  ownerRefusalOf,
  plantAd,
  refusalOf,
  requestFingerprint,
  withChange,
} from '@vmgrid/bidding';
import type { Action } from '@vmgrid/dag';
import { digestAction } from '@vmgrid/dag';
import type {
  Caller,
  CreateRequest,
  Identified,
  LineReport,
  Offer,
  OfferTerms,
  OwnerLimits,
  OwnerShare,
  StandingChange,
} from '@vmgrid/protocol';
import fc from 'fast-check';
import { baseImage, historyOf, suspendedImage } from '../../../bidding/test/made-up-images.ts';
import { lineReport } from '../../../bidding/test/made-up-plants.ts';
import { PublishedDurations } from '../../src/standing/offers/published-durations.ts';
import { SharedParts, StandingPlant } from '../../src/standing/offers/standing-plant.ts';

export const script = (id: string): Action => ({ kind: 'script', id, script: `do ${id}` });
export const digestOf = (id: string): string => digestAction(script(id));

const SETS: readonly (readonly KnownImage[])[] = [
  [],
  [baseImage('base')],
  [
    baseImage('base'),
    suspendedImage('a', { history: historyOf(digestOf('a')) }),
    suspendedImage('ab', { history: historyOf(digestOf('a'), digestOf('b')), line: 'uml' }),
  ],
];
export const INDEXES = SETS.map((images) => ImageIndex.of(images));

/** So that many plants bid, and many bids tie. */
const mostly = <T>(common: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(common) }, { weight: 4, arbitrary: fc.constantFrom(...others) });

const usage = fc.record({ memoryMiB: fc.nat(4).map((n) => n * 256), diskMiB: fc.constant(0), vms: fc.nat(3) });

const plantSnapshot = (plantId: string) =>
  fc.record({
    plantId: fc.constant(plantId),
    version: fc.constant('0.1.0'),
    capacity: mostly(
      { memoryMiB: 1_024, diskMiB: 9_000, cpusPerVm: 2, vms: 3 },
      { memoryMiB: 2_048, diskMiB: 9_000, cpusPerVm: 1, vms: 4 },
    ),
    usage,
    lines: mostly<LineReport[]>([lineReport()], [lineReport({ restores: false }), lineReport({ line: 'uml' })], []),
    loadAverage: mostly(0, 0.5, 2),
    guestNetwork: fc.constant('isolated'),
    hostActions: mostly<string[]>([], ['register-dns']),
    imageCount: fc.constant(1),
    draining: fc.nat(9).map((n) => n === 0),
  });

/** The last ones look at other attributes on some plants than on others, at one under another spelling, and at all. */
export const COSTS = [
  ...['memory', 'seconds', 'MY.MemoryMiB / TARGET.FreeMemoryMiB + 0.5 * PLAN.ExpectedSeconds', '"free"'],
  'TARGET.LoadAverage > 0.2 ? TARGET.VmCount : TARGET.FreeMemoryMiB / 256',
  'isUndefined(TARGET.LastFailureTime) ? TARGET.vmcount : 9',
  'TARGET =?= TARGET ? VmCount : LoadAverage',
];

const KEYS = [
  ...['restore:qemu', 'boot:qemu', 'boot:qemu:base', 'restore:qemu:a', 'kind:script', 'kind:host'],
  ...['a', 'b', 'elsewhere'].map((id) => `action:${digestOf(id)}`),
];
const durations = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(0.25, 1, 20));

/** The least of each start, of these durations and others before. */
function leastOf(learnt: Published['durations'], before: OfferTerms['least'] = {}): OfferTerms['least'] {
  const starts = Object.entries(learnt).map(([key, seconds]) => [key.split(':')[0]!, seconds] as const);
  const of = (start: 'restore' | 'boot') =>
    Math.min(before[start] ?? Infinity, ...starts.filter(([kind]) => kind === start).map(([, seconds]) => seconds));
  return Object.fromEntries(
    (['restore', 'boot'] as const).map((start) => [start, of(start)]).filter(([, of]) => of !== Infinity),
  );
}

/** Room for two machines of the requests, or for none; and usages that leave room for one, or for none. */
const ownerLimits = mostly<OwnerLimits>(
  {},
  { vms: 2 },
  { memoryMiB: 511, vms: 1 },
  { memoryMiB: 255 },
  { diskMiB: 4_096 },
);
const share: fc.Arbitrary<OwnerShare> = fc.record(
  {
    used: fc.constantFrom(
      { memoryMiB: 0, diskMiB: 0, vms: 0 },
      { memoryMiB: 256, diskMiB: 2_048, vms: 1 },
      { memoryMiB: 0, diskMiB: 2_048, vms: 1 },
      { memoryMiB: 512, diskMiB: 4_096, vms: 2 },
    ),
    limits: ownerLimits,
  },
  { requiredKeys: ['used'] },
);
const OWNERS = ['ada', 'bob', 'eve'];
const owners = fc.dictionary(fc.constantFrom(...OWNERS), share);

/** In the form in which they are published. */
export const byFingerprint = <T>(shares: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(shares).map(([owner, of]) => [ownerFingerprint(owner), of]));

export interface Published {
  /** Shares by the owners' names. */
  readonly owners: Readonly<Record<string, OwnerShare>>;
  readonly terms: OfferTerms;
  readonly durations: Readonly<Record<string, number>>;
  readonly held: readonly number[];
  /** Index into `INDEXES`. */
  readonly set: number;
}

const published = (plantId: string): fc.Arbitrary<Published> =>
  fc
    .record({
      plant: plantSnapshot(plantId),
      cost: mostly('1', ...COSTS),
      leaseMaxMs: fc.constantFrom(3_600_000, 86_400_000),
      ...{ durations, coarse: fc.boolean(), owners, others: ownerLimits },
      held: fc.nat(9).map((n) => (n === 0 ? [requestFingerprint('request-1')] : [])),
      set: mostly(2, 1, 0),
    })
    .map(({ set, durations: learnt, held, owners: shares, ...terms }) => {
      const rest = { bidValidityMs: 30_000, images: `${set}`.padStart(64, '0'), forgottenUntil: 0 };
      return { set, durations: learnt, held, owners: shares, terms: { ...terms, ...rest, least: leastOf(learnt) } };
    });

export const plants = fc
  .nat(12)
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, number) => published(`plant-${number}`))));

const dag = fc.constantFrom<CreateRequest['dag']>(
  { actions: [] },
  { actions: [script('a')] },
  { actions: [script('a'), script('b')], edges: [{ from: 'a', to: 'b' }] },
  { actions: [script('a'), { kind: 'host', id: 'dns', name: 'register-dns' }] },
);

export const requests: fc.Arbitrary<Identified<CreateRequest>> = fc
  .record(
    {
      caller: fc.constantFrom<Caller>(...OWNERS.map((owner) => ({ owner, sees: 'own' as const }))),
      requestId: fc.constantFrom('request-1', 'request-2', 'request-3'),
      memoryMiB: fc.constantFrom(256, 512),
      cpus: fc.constantFrom(1, 2),
      dag,
      lease: fc.constantFrom('PT1H', 'PT12H'),
      requirements: fc.constantFrom(
        'TARGET.LoadAverage < 1',
        'TARGET.Line == "qemu"',
        'time() > absTime("1970-01-01")',
      ),
      rank: fc.constantFrom('-TARGET.LoadAverage', 'TARGET.FreeMemoryMiB'),
    },
    { requiredKeys: ['requestId', 'memoryMiB', 'cpus', 'dag'] },
  )
  .map(({ memoryMiB, cpus, ...request }) => ({
    ...request,
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB, cpus, diskMiB: 2_048 },
  }));

/** An award, a destruction, what was learnt and forgotten, a plant that comes or goes, an auction. */
export type Step =
  | { readonly kind: 'change'; readonly plant: number; readonly change: StandingChange }
  | { readonly kind: 'leave' | 'join'; readonly plant: number }
  | { readonly kind: 'auction'; readonly request: Identified<CreateRequest>; readonly soonest: boolean };

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .record({ plant: fc.nat(11), usage })
        .map(({ plant, usage: now }) => ({ kind: 'change' as const, plant, change: { plant: { usage: now } } })),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ plant: fc.nat(11), owner: fc.constantFrom(...OWNERS), now: fc.option(share) })
        .map(({ plant, owner, now }) => ({ kind: 'change' as const, plant, change: { owners: { [owner]: now } } })),
    },
    {
      weight: 2,
      arbitrary: fc
        .record({ plant: fc.nat(11), durations, forgotten: fc.subarray(KEYS, { maxLength: 2 }) })
        .map(({ plant, ...change }) => ({ kind: 'change' as const, plant, change })),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('leave', 'join'), plant: fc.nat(11) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('auction'), request: requests, soonest: fc.boolean() }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 25 },
);

const parts = new SharedParts();

/** `before`: the plant before its last change, which its durations have taken in. */
export const standing = ({ terms, durations: learnt, set }: Published, before?: StandingPlant): StandingPlant =>
  new StandingPlant(
    { terms, durations: before?.durations ?? new PublishedDurations({ ...terms, durations: learnt }) },
    INDEXES[set]!,
    { parts, before },
  );

/** `change` with what goes with it. */
export function wholeChange({ terms }: Published, change: StandingChange): StandingChange {
  return change.durations ? { ...change, least: leastOf(change.durations, terms.least) } : change;
}

export function changed(one: Published, change: StandingChange): Published {
  const { durations: more = {}, forgotten = [], owners: shares = {} } = change;
  const owning = Object.entries({ ...one.owners, ...shares }).flatMap(([owner, now]) => (now ? [[owner, now]] : []));
  const kept = Object.entries(one.durations).filter(([key]) => !forgotten.includes(key));
  return {
    ...{ ...one, terms: withChange(one.terms, change) },
    durations: { ...Object.fromEntries(kept), ...more },
    owners: Object.fromEntries(owning),
  };
}

/** Returns the plant's own answer. */
export function answerOf(one: Published, request: Identified<CreateRequest>, now: number): Offer {
  const { terms, set } = one;
  const { plant, bidValidityMs } = terms;
  return makeOffer(request, {
    plantId: plant.plantId,
    ...{ now, bidValidityMs, ad: plantAd(plant), cost: parts.cost(terms.cost) },
    images: INDEXES[set]!,
    lines: new Map(plant.lines.map((line) => [line.line, line])),
    durations: {
      expect: (...keys) => keys.map((key) => one.durations[key]).find((value) => value !== undefined),
      least: (start) => terms.least[start],
      isCoarse: terms.coarse,
    },
    refusal: () => refusalOf(request, terms) ?? ownerRefusal(one, request),
  });
}

function ownerRefusal({ owners: shares, terms }: Published, { caller, machine }: Identified<CreateRequest>) {
  if (!caller) return undefined;
  const { used = NOTHING_USED, limits = terms.others } = shares[caller.owner] ?? {};
  return ownerRefusalOf(machine, { used, limits });
}
