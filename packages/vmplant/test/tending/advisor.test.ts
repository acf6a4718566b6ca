import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import type { Action, Dag } from '@vmgrid/dag';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { GoldenImage } from '../../../warehouse/src/images/manifest.ts';
import { openDatabase } from '../../src/database.ts';
import { Advisor, type ProposalRules } from '../../src/tending/advisor.ts';
import { recordedRequest } from '../../src/tending/recorded-request.ts';
import { RequestLog } from '../../src/tending/request-log.ts';
import { TendedImages } from '../../src/tending/tended-images.ts';
import { base, learnt, lines, machine, suspended } from './recorded-requests.ts';

const directory = useTemporaryFolder();
const MIB = 1_048_576;

const script = (id: string, secret = false): Action => ({
  ...{ kind: 'script', id, script: `text of ${id}` },
  ...(secret ? { secret } : {}),
});
/** A chain of actions. */
const chain = (...actions: readonly Action[]): Dag => ({
  actions: [...actions],
  edges: actions.slice(1).map(({ id }, at) => ({ from: actions[at]!.id, to: id })),
});

function open(dags: readonly Dag[], images: readonly GoldenImage[] = [base]) {
  const database = openDatabase(join(directory(), 'plant.sqlite'));
  const [requests, tended] = [new RequestLog(database), new TendedImages(database)];
  for (const dag of dags) {
    const making = {
      ...{ at: systemClock.now(), phasesMs: {}, configuration: { history: [] } },
      plan: { image: base, line: 'qemu', start: 'boot' } as const,
    };
    requests.add(recordedRequest({ requestId: 'request', machine, dag }, making), dag);
  }
  const inventory = { images: async () => new Map(images.map((image) => [image.manifest.id, image])) };
  const warehouse = { inventory };
  const deps = { requests, tended, warehouse, lines, durations: learnt(), clock: systemClock };
  return { advisor: new Advisor(deps, { plantId: 'plant-1' }), tended };
}

const { signal } = new AbortController();
const rules: ProposalRules = { quotaBytes: 1_024 * MIB, minimumSavedSeconds: 0, tried: () => false };
const common = [chain(script('a'), script('b'), script('x')), chain(script('a'), script('b'), script('y'))];

test('operators are told what is wanting, and what it would have changed', async () => {
  expect(await open(common).advisor.suggestions({ top: 1 }, signal)).toEqual({
    ...{ plantId: 'plant-1', requests: 2 },
    suggestions: [
      {
        ...{ machine, line: 'qemu', requests: 2, savedSeconds: 78, buildable: true },
        bytes: (256 + 2 * 16) * MIB,
        actions: ['a', 'b'].map((id) => ({ id, kind: 'script', digest: expect.stringMatching(/^[0-9a-f]{64}$/) })),
      },
    ],
    before: { hits: 0, meanSeconds: 50 },
    after: { hits: 2, meanSeconds: 11 },
  });
});

test('whoever waits for suggestions may stop waiting, and the plant stops computing', async () => {
  const gone = AbortSignal.abort(new Error('gone'));
  const { advisor } = open(common);
  await expect(advisor.suggestions({}, gone)).rejects.toThrow('gone');
  await expect(advisor.propose(rules, gone)).rejects.toThrow('gone');
});

test('without requests there is nothing to tell', async () => {
  expect(await open([]).advisor.suggestions({}, signal)).toMatchObject({ requests: 0, suggestions: [] });
});

test('what is proposed is the text of the actions in the order suggested', async () => {
  const proposal = await open(common).advisor.propose(rules, signal);
  expect(proposal).toMatchObject({ machine, dag: chain(script('a'), script('b')) });
});

test('of requests with a secret nothing can be built, though it is suggested', async () => {
  const { advisor } = open(['x', 'y'].map((id) => chain(script('a'), script(id, true))));
  expect((await advisor.suggestions({}, signal)).suggestions).toMatchObject([
    { actions: [{ id: 'a' }], buildable: false },
  ]);
  expect(await advisor.propose(rules, signal)).toBeUndefined();
});

test('a request without a secret lends its text to one with a secret', async () => {
  const { advisor } = open([chain(script('a'), script('x', true)), chain(script('a'), script('y'))]);
  expect(await advisor.propose({ ...rules, minimumSavedSeconds: 50 }, signal)).toMatchObject({
    dag: chain(script('a')),
  });
});

test('what saves too little, does not fit or was tried is not proposed', async () => {
  const { advisor } = open(common);
  expect(await advisor.propose({ ...rules, minimumSavedSeconds: 79 }, signal)).toBeUndefined();
  expect(await advisor.propose({ ...rules, quotaBytes: 256 * MIB }, signal)).toBeUndefined();
  const { key } = (await advisor.propose(rules, signal))!;
  expect((await advisor.propose({ ...rules, tried: (one) => one === key }, signal))?.key).not.toBe(key);
  expect(await advisor.propose({ ...rules, tried: () => true }, signal)).toBeUndefined();
});

test('images that were built unasked and are still there count against the quota', async () => {
  await writeFile(join(directory(), 'disk.qcow2'), Buffer.alloc(MIB, 'x'));
  const image = suspended('built-before', 'z');
  const manifest = { ...image.manifest, files: [{ file: 'disk.qcow2', sha256: '', bytes: MIB }] };
  const { advisor, tended } = open(common, [base, { ...image, manifest, directory: directory() }]);
  tended.add('removed-since');
  expect(await advisor.propose({ ...rules, quotaBytes: MIB }, signal)).toBeDefined();
  tended.add('built-before');
  expect(await advisor.propose({ ...rules, quotaBytes: MIB }, signal)).toBeUndefined();
  expect(await advisor.propose({ ...rules, quotaBytes: 2 * MIB }, signal)).toBeDefined();
});
