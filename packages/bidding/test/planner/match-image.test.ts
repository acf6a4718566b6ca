import { describe, expect, test } from '@jest/globals';
import { type Dag, digestAction, prepareDag } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../../src/known-image.ts';
import { freshSince } from '../../src/planner/freshness.ts';
import { matchImage } from '../../src/planner/match-image.ts';
import { hardwareFor } from '../../src/planner/ways-to-start.ts';
import { baseImage, COMPATIBILITY, historyOf, suspendedImage } from '../made-up-images.ts';
import { lineReport, reportsOf } from '../made-up-plants.ts';

const machine: MachineSpec = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 };
const script = (id: string) => ({ kind: 'script', id, script: `do ${id}` }) as const;
const digestOf = (id: string) => digestAction(script(id));
const imageWith = (...ids: readonly string[]) => suspendedImage('image', { history: historyOf(...ids.map(digestOf)) });

/** The DAG of slide 39: A before B before C, A before D. */
const dag: Dag = {
  actions: ['A', 'B', 'C', 'D'].map(script),
  edges: [
    { from: 'A', to: 'B' },
    { from: 'B', to: 'C' },
    { from: 'A', to: 'D' },
  ],
};
const lines = reportsOf(lineReport());
const match = (image = imageWith(), spec = machine, reports = lines) =>
  matchImage({ machine: spec, dag: prepareDag(dag) }, image, reports);

const missOf = (test: string, offender: object) => ({
  kind: 'miss',
  imageId: 'image',
  test,
  mismatch: { matches: false, test, offender, decided: true },
});

describe('the tests of slide 39', () => {
  test('an image that passes all four is a candidate with what is left to do', () => {
    const image = imageWith('A', 'D');
    expect(match(image)).toEqual({
      kind: 'candidate',
      image,
      match: { matches: true, matched: ['A', 'D'], remaining: ['B', 'C'] },
      ways: [
        { line: 'qemu', start: 'restore' },
        { line: 'qemu', start: 'boot' },
      ],
    });
  });

  test('subset: A B E fails at E, which is not wanted', () => {
    expect(match(imageWith('A', 'B', 'E'))).toEqual(missOf('subset', { digest: digestOf('E'), position: 2 }));
  });

  test('prefix: B C D fails at B, before which A is missing', () => {
    expect(match(imageWith('B', 'C', 'D'))).toEqual(
      missOf('prefix', { digest: digestOf('B'), position: 0, missing: 'A' }),
    );
  });

  test('partial order: A C B fails at C, before which B had to run', () => {
    expect(match(imageWith('A', 'C', 'B'))).toEqual(
      missOf('partial-order', { digest: digestOf('C'), position: 1, missing: 'B' }),
    );
  });

  test('machine comes first: an image of another machine is not asked for its history', () => {
    expect(match(imageWith('E'), { ...machine, os: 'debian-13' })).toEqual({
      kind: 'miss',
      imageId: 'image',
      test: 'machine',
      reason: 'os is debian-12, wanted debian-13',
    });
  });
});

describe('the machine test', () => {
  const reasonOf = (spec: Partial<MachineSpec>, reports = lines) => {
    const verdict = match(imageWith(), { ...machine, ...spec }, reports);
    return verdict.kind === 'miss' && verdict.test === 'machine' ? verdict.reason : verdict.kind;
  };

  test('names what differs, and both values', () => {
    expect(reasonOf({ os: 'alpine-3' })).toBe('os is debian-12, wanted alpine-3');
    expect(reasonOf({ line: 'uml' })).toBe('the plant is not configured for the line uml');
    expect(reasonOf({ diskMiB: 512 })).toBe('disk is 1024 MiB, wanted at most 512');
  });

  test('a line that is not there or does not work makes no machines', () => {
    expect(reasonOf({}, reportsOf())).toBe('the plant is not configured for the line qemu');
    expect(reasonOf({}, reportsOf(lineReport({ available: false })))).toBe(
      "the line qemu does not work on this host: the plant's log and `vmgrid doctor` say why",
    );
  });

  test('a base without drivers for the devices here is not started at all, and neither is what was made of it', () => {
    const report = lineReport({ compatibility: { ...COMPATIBILITY, layout: 'devices-2' } });
    expect(reasonOf({}, reportsOf(report))).toBe(
      'its base has drivers for the devices devices-1, here they are devices-2',
    );
  });

  test('a disk of just the size is large enough, and a larger one is grown', () => {
    expect(reasonOf({ diskMiB: 1024 })).toBe('candidate');
    expect(reasonOf({ diskMiB: 100_000 })).toBe('candidate');
    expect(reasonOf({ line: 'qemu' })).toBe('candidate');
  });
});

describe('a disk serves every line that can boot it', () => {
  const uml = lineReport({
    ...{ line: 'uml', restores: false, diskFormats: ['raw'], mostCpus: 1 },
    compatibility: { ...COMPATIBILITY, vmm: 'uml', layout: 'uml-1' },
  });
  const both = reportsOf(lineReport(), uml);
  const boot = { layouts: ['devices-1', 'uml-1'] };
  const waysOf = (image: KnownImage, spec: Partial<MachineSpec> = {}) => {
    const verdict = match(image, { ...machine, ...spec }, both);
    return verdict.kind === 'candidate' ? verdict.ways.map(({ line, start }) => `${start} on ${line}`) : verdict;
  };
  const miss = (reason: string) => ({ kind: 'miss', imageId: 'image', test: 'machine', reason });

  test('a raw disk with drivers for both boots on both, or on the one that is wanted', () => {
    expect(waysOf(baseImage('image', { boot }))).toEqual(['boot on qemu', 'boot on uml']);
    expect(waysOf(baseImage('image', { boot }), { line: 'uml' })).toEqual(['boot on uml']);
    expect(waysOf(baseImage('image', { boot, line: 'uml' }), { line: 'qemu' })).toEqual(['boot on qemu']);
  });

  test('memory is restored on the line that suspended it alone', () => {
    const suspended = suspendedImage('image', { boot });
    expect(waysOf(suspended)).toEqual(['restore on qemu', 'boot on qemu', 'boot on uml']);
    expect(match(suspended, { ...machine, line: 'uml' }, both)).toMatchObject({
      whyNotRestore: 'suspended on the line qemu, not on uml',
    });
  });

  test('what a line cannot boot it says: the format of the disk, the drivers, the processors', () => {
    const overlay = baseImage('image', { boot, diskFormat: 'qcow2' });
    expect(waysOf(overlay)).toEqual(['boot on qemu']);
    expect(waysOf(overlay, { line: 'uml' })).toEqual(miss('its disk is qcow2, and the line uml boots raw disks'));
    expect(waysOf(baseImage('image'), { line: 'uml' })).toEqual(
      miss('its base has drivers for the devices devices-1, here they are uml-1'),
    );
    expect(waysOf(baseImage('image', { boot }), { line: 'uml', cpus: 2 })).toEqual(
      miss('machines of the line uml have at most 1 processors, wanted 2'),
    );
  });
});

describe('restore or boot', () => {
  const startsOf = (image: KnownImage, spec: Partial<MachineSpec> = {}, report = lineReport()) => {
    const verdict = match(image, { ...machine, ...spec }, reportsOf(report));
    if (verdict.kind === 'miss') throw new Error(`${verdict.imageId} fails the ${verdict.test} test`);
    return { starts: verdict.ways.map(({ start }) => start), whyNotRestore: verdict.whyNotRestore };
  };
  const suspended = suspendedImage('image');
  const boots = (whyNotRestore: string) => ({ starts: ['boot'], whyNotRestore });

  test('a suspended image of the same machine can be restored, and booted as well', () => {
    expect(startsOf(suspended)).toEqual({ starts: ['restore', 'boot'], whyNotRestore: undefined });
  });

  test('with other memory or processors it can only be booted', () => {
    expect(startsOf(suspended, { memoryMiB: 512 })).toEqual(boots('suspended with 256 MiB of memory, wanted 512'));
    expect(startsOf(suspended, { cpus: 2 })).toEqual(boots('suspended with 1 processors, wanted 2'));
  });

  test('a disk-only image can only be booted, with any memory and processors', () => {
    expect(startsOf(baseImage('image'), { memoryMiB: 4096, cpus: 8 })).toEqual(boots('the image is not suspended'));
  });

  test('on a line that does not restore it can only be booted', () => {
    expect(startsOf(suspended, {}, lineReport({ restores: false }))).toEqual(boots('the line qemu does not restore'));
  });

  test.each([
    ['vmm', 'crosvm', 'vmm was qemu, here it is crosvm'],
    ['vmmVersion', '9.0.0', 'vmmVersion was 8.2.2, here it is 9.0.0'],
    ['accelerator', 'tcg', 'accelerator was kvm, here it is tcg'],
    ['machineType', 'q35', 'machineType was microvm, here it is q35'],
    ['cpuModel', 'max', 'cpuModel was host, here it is max'],
    ['layout', 'devices-2', 'layout was devices-1, here it is devices-2'],
  ])('on a host with another %s it can only be booted', (field, value, reason) => {
    const report = lineReport({ compatibility: { ...COMPATIBILITY, [field]: value } });
    const boot = { layouts: ['devices-1', 'devices-2'] };
    expect(startsOf(suspendedImage('image', { boot }), {}, report)).toEqual(boots(reason));
  });

  test('devices that a line makes for images of before serve these, and new ones get the newest that they know', () => {
    const report = lineReport({
      compatibility: { ...COMPATIBILITY, layout: 'devices-2' },
      olderLayouts: [COMPATIBILITY.layout],
    });
    const old = suspendedImage('image', { boot: { layouts: ['devices-1'] } });
    const both = baseImage('base', { boot: { layouts: ['devices-1', 'devices-2'] } });
    expect(startsOf(old, {}, report)).toMatchObject({ starts: ['restore', 'boot'] });
    expect(hardwareFor(report, old.manifest, 'restore').layout).toBe('devices-1');
    expect(hardwareFor(report, old.manifest, 'boot').layout).toBe('devices-1');
    expect(hardwareFor(report, both.manifest, 'boot').layout).toBe('devices-2');
  });

  test('a suspended image that does not say what it was suspended by can only be booted', () => {
    expect(startsOf(baseImage('image', { memory: {} }))).toEqual(boots('vmm was undefined, here it is qemu'));
  });
});

describe('what a boot would lose', () => {
  const daemon = [...historyOf(digestOf('A')), { ...historyOf(digestOf('D'))[0]!, id: 'start-daemon' }];
  const left = ['process sleep', 'file /run/mine'];
  const losing = (more: object = {}) =>
    suspendedImage('image', {
      history: [daemon[0]!, { ...daemon[1]!, survivesBoot: false, lostAtBoot: left }],
      ...more,
    });

  test('an image whose memory has more than its disk is restored and never booted', () => {
    expect(match(losing())).toMatchObject({
      ways: [{ line: 'qemu', start: 'restore' }],
      whyNotBoot: 'a boot loses what start-daemon left: process sleep and 1 more',
    });
  });

  test('it is no candidate where it could only be booted: with another memory, on another line, without its memory', () => {
    const reason = expect.stringContaining('nor booted: a boot loses what start-daemon left: process sleep');
    const miss = { kind: 'miss', test: 'machine', reason };
    expect(match(losing(), { ...machine, memoryMiB: 512 })).toMatchObject(miss);
    const uml = reportsOf(lineReport({ line: 'uml', diskFormats: ['raw'] }));
    expect(match(losing({ diskFormat: 'raw' }), machine, uml)).toMatchObject(miss);
    const { memory: _, compatibility: __, ...disk } = losing().manifest;
    expect(match({ manifest: disk })).toMatchObject(miss);
  });

  test('an image that does not say what a boot loses was made by an earlier version and is not used', () => {
    const unmarked = historyOf(digestOf('A')).map(({ digest, id }) => ({ digest, id }));
    const reason = 'it does not say what action-0 told and left running: an earlier version made it, build it again';
    expect(match(suspendedImage('image', { history: unmarked }))).toMatchObject({ test: 'machine', reason });
  });
});

describe('how old a result may be', () => {
  const at = Date.parse('2026-01-08T12:00:00Z');
  const aged = { ...dag, actions: dag.actions.map((one) => (one.id === 'D' ? { ...one, freshness: 'P7D' } : one)) };
  const [a, d] = historyOf(digestOf('A'), digestOf('D'));
  const imageOf = (ranAt: object) => suspendedImage('image', { history: [a!, { ...d!, ...ranAt }] });
  const of = (image: KnownImage, now?: number) => {
    const index = prepareDag(aged);
    return matchImage({ machine, dag: index, fresh: freshSince(aged.actions, index.digests, now) }, image, lines);
  };

  test('an image that ran the action lately enough stands for it, and one that did not does not', () => {
    expect(of(imageOf({ ranAt: '2026-01-01T12:00:00Z' }), at).kind).toBe('candidate');
    expect(of(imageOf({ ranAt: '2026-01-01T11:59:59Z' }), at)).toEqual({
      ...{ kind: 'miss', imageId: 'image', test: 'freshness' },
      reason: 'action-1 ran 2026-01-01T11:59:59Z, and the request wants it no older than 2026-01-01T12:00:00.000Z',
    });
  });

  test('what ran at an unknown time, or is looked at by who knows no time, is not fresh', () => {
    expect(of(imageOf({}), at)).toMatchObject({ test: 'freshness' });
    expect(of(imageOf({ ranAt: '2026-01-08T12:00:00Z' }))).toMatchObject({ test: 'freshness' });
  });

  test('of equal actions the one that wants it freshest decides', () => {
    const actions = [{ freshness: 'P7D' }, { freshness: 'PT1H' }, {}];
    expect(freshSince(actions, ['x', 'x', 'x'], at)).toEqual(new Map([['x', at - 3_600_000]]));
  });
});
