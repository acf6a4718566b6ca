import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Action, type Dag, digestAction } from '@vmgrid/dag';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import { openDatabase } from '../../src/database.ts';
import { REQUEST_LOG_LIMITS } from '../../src/tending/limits.ts';
import { recordedRequest } from '../../src/tending/recorded-request.ts';
import { RequestLog } from '../../src/tending/request-log.ts';
import { TendedImages } from '../../src/tending/tended-images.ts';
import { base, machine } from './recorded-requests.ts';

const directory = useTemporaryFolder();
const open = () => openDatabase(join(directory(), 'plant.sqlite'));
const script = (id: string, secret = false): Action => ({
  ...{ kind: 'script', id, script: `text of ${id}` },
  ...(secret ? { secret } : {}),
});
const dagOf = (...actions: readonly Action[]): Dag => ({ actions: [...actions], edges: [] });
const recorded = (dag: Dag, at = 1_000) =>
  recordedRequest(
    { requestId: 'request-1', machine, dag },
    {
      at,
      plan: { image: base, line: 'qemu', start: 'boot' },
      phasesMs: { boot: 900 },
      configuration: {
        history: [{ digest: '', id: 'a', kind: 'script', seconds: 2, ranAt: '2026-01-01T00:00:00Z' }],
      },
    },
  );

test('a record has digests, order, image and times, and no text', () => {
  const dag = { actions: [script('a'), script('b')], edges: [{ from: 'a', to: 'b' }] };
  const record = recorded(dag);
  expect(record).toEqual({
    ...{ at: 1_000, requestId: 'request-1', machine, shape: expect.stringMatching(/^[0-9a-f]{64}$/) },
    actions: [
      { id: 'a', kind: 'script', digest: digestAction(script('a')), seconds: 2 },
      { id: 'b', kind: 'script', digest: digestAction(script('b')) },
    ],
    ...{ edges: [[0, 1]], imageId: 'base', line: 'qemu', start: 'boot', phasesMs: { boot: 900 } },
  });
  expect(JSON.stringify(record)).not.toContain('text of');
});

test('of a secret action not even the digest is recorded', () => {
  const [action] = recorded(dagOf(script('password', true))).actions;
  expect(action).toMatchObject({ secret: true, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(action!.digest).not.toBe(digestAction(script('password')));
});

test('records and DAGs survive, the newest first; only their owner may read them', async () => {
  const database = open();
  const log = new RequestLog(database);
  for (const id of ['a', 'b']) log.add(recorded(dagOf(script(id))), dagOf(script(id)));
  for (const file of ['plant.sqlite', 'plant.sqlite-wal']) {
    expect((await stat(join(directory(), file))).mode & 0o777).toBe(0o600);
  }
  database.close();
  const again = new RequestLog(open());
  expect(toEnd(again.requests(1_000))).toEqual(['b', 'a'].map((id) => recorded(dagOf(script(id)))));
  expect(again.dagOf(recorded(dagOf(script('a'))).shape, 1_000)).toEqual(dagOf(script('a')));
});

test('a DAG with a secret in it is not kept, nor is one that is too large', () => {
  const log = new RequestLog(open(), { ...REQUEST_LOG_LIMITS, bytesPerDag: 100 });
  const secret = dagOf(script('a'), script('password', true));
  const large = dagOf(script('a'), script('b'), script('c'));
  for (const dag of [secret, large]) {
    log.add(recorded(dag), dag);
    expect(log.dagOf(recorded(dag).shape, 1_000)).toBeUndefined();
  }
  expect(toEnd(log.requests(1_000))).toHaveLength(2);
});

test.each([
  ['rows', { rows: 3 }],
  ['bytes', { bytes: 3.5 * JSON.stringify(recorded(dagOf(script('a')))).length }],
])('the oldest records go when there are too many %s', (_, limits) => {
  const log = new RequestLog(open(), { ...REQUEST_LOG_LIMITS, ...limits });
  for (let at = 1_000; at < 1_010; at++) log.add(recorded(dagOf(script('a')), at), dagOf(script('a')));
  expect(toEnd(log.requests(1_010)).map(({ at }) => at)).toEqual([1_009, 1_008, 1_007]);
});

test('the oldest DAGs go when there are too many, and one that came again is young', () => {
  const log = new RequestLog(open(), { ...REQUEST_LOG_LIMITS, dagRows: 2 });
  for (const id of ['a', 'b', 'a', 'c']) log.add(recorded(dagOf(script(id))), dagOf(script(id)));
  const kept = ['a', 'b', 'c'].filter((id) => log.dagOf(recorded(dagOf(script(id))).shape, 1_000));
  expect(kept).toEqual(['a', 'c']);
});

test('what is too old is forgotten, when it is asked for and when something is added', () => {
  const log = new RequestLog(open(), { ...REQUEST_LOG_LIMITS, ageMs: 100 });
  const dag = dagOf(script('a'));
  log.add(recorded(dag, 1_000), dag);
  expect(toEnd(log.requests(1_100))).toEqual([]);
  expect(log.dagOf(recorded(dag).shape, 1_100)).toBeUndefined();
  expect(toEnd(log.requests(1_099))).toHaveLength(1);
  log.add(recorded(dagOf(script('b')), 1_100), dagOf(script('b')));
  expect(toEnd(log.requests(1_099))).toHaveLength(1);
});

test('images that were built unasked are known until they are gone', () => {
  const tended = new TendedImages(open());
  for (const id of ['one', 'two', 'one']) tended.add(id);
  expect(tended.among(new Set(['one', 'three']))).toEqual(['one']);
  expect(tended.among(new Set(['one', 'two']))).toEqual(['one']);
});
