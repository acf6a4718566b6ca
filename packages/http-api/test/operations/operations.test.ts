import { describe, expect, test } from '@jest/globals';
import { type CreateRequest, decodeCreate, GridError, type ProgressEvent } from '@vmgrid/protocol';
import { decodeXmlRequest, encodeXmlRequest } from '@vmgrid/protocol/xml';
import { type Operation, Operations, PROGRESS_KEPT } from '../../src/operations/operations.ts';

const document: CreateRequest = {
  requestId: 'request-1',
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: {
    actions: [{ kind: 'script', id: 'a', script: 'true', environment: { B: '2', A: '1' } }],
    edges: [],
  },
};
const create = (requestId: string, body: unknown = document) => ({
  requestId,
  verb: 'create' as const,
  document: body,
});
const never = () => new Promise<never>(() => {});
const event = (subject: string): ProgressEvent => ({
  requestId: 'request-1',
  at: '2026-01-01T00:00:00.000Z',
  phase: 'action',
  state: 'done',
  subject,
});

describe('the same request twice', () => {
  test('has failed, and runs no more, when its work throws before it begins', async () => {
    const operations = new Operations({ kept: 10 });
    const operation = operations.start(create('request-1'), () => {
      throw new GridError('PLANT_LOST', 'nobody is there', {});
    });
    await expect(operation.settled).rejects.toMatchObject({ code: 'PLANT_LOST' });
    expect([operation.state, operations.running()]).toEqual(['failed', []]);
  });

  test('is worked on once, and both get its result', async () => {
    const operations = new Operations({ kept: 10 });
    let started = 0;
    const work = async () => {
      started += 1;
      return 'vm';
    };
    const first = operations.start(create('request-1'), work);
    const second = operations.start(create('request-1'), work);
    expect(second).toBe(first);
    expect(await second.settled).toBe('vm');
    expect(operations.start(create('request-1'), work)).toBe(first);
    expect(started).toBe(1);
  });

  test('with another document is a conflict, whether it runs, is done or has failed', async () => {
    const operations = new Operations({ kept: 10 });
    const other = create('request-1', { ...document, lease: 'PT1H' });
    const conflict = expect.objectContaining({
      code: 'IDEMPOTENCY_CONFLICT',
      message: 'the request id request-1 came with another create before',
      details: { requestId: 'request-1' },
    });
    const { promise, reject } = Promise.withResolvers<void>();
    const running = operations.start(create('request-1'), () => promise);
    expect(() => operations.start(other, never)).toThrow(conflict);
    reject(new GridError('NO_PLANTS', 'no plant is connected'));
    await expect(running.settled).rejects.toMatchObject({ code: 'NO_PLANTS' });
    expect(() => operations.start(other, never)).toThrow(conflict);
    await operations.start(create('request-1'), async () => 'vm').settled;
    expect(() => operations.start(other, never)).toThrow(conflict);
  });

  test('with another verb is a conflict', () => {
    const operations = new Operations({ kept: 10 });
    operations.start(create('request-1'), never);
    expect(() => operations.start({ ...create('request-1'), verb: 'build-image' }, never)).toThrow(
      expect.objectContaining({ code: 'IDEMPOTENCY_CONFLICT' }),
    );
  });

  test('may be tried again once it has failed', async () => {
    const operations = new Operations({ kept: 10 });
    const failed = operations.start(create('request-1'), async () => {
      throw new GridError('NO_PLANTS', 'no plant is connected');
    });
    await expect(failed.settled).rejects.toMatchObject({ code: 'NO_PLANTS' });
    const again = operations.start(create('request-1'), async () => 'vm');
    expect(again).not.toBe(failed);
    expect(await again.settled).toBe('vm');
    expect(operations.get({ requestId: 'request-1' })).toBe(again);
  });

  test('is the same in whatever order its keys are, at every depth', () => {
    const operations = new Operations({ kept: 10 });
    const first = operations.start(create('request-1'), never);
    expect(operations.start(create('request-1', reversed(document)), never)).toBe(first);
    // The order of a list means something.
    const actions = [...document.dag.actions, { kind: 'script', id: 'b', script: 'true' }];
    operations.start(create('request-2', { ...document, dag: { actions } }), never);
    expect(() =>
      operations.start(create('request-2', { ...document, dag: { actions: [...actions].reverse() } }), never),
    ).toThrow('came with another');
  });

  test('is the same in XML and in JSON', () => {
    const operations = new Operations({ kept: 10 });
    const json = decodeCreate(JSON.parse(JSON.stringify(document)));
    const xml = decodeXmlRequest(Buffer.from(encodeXmlRequest({ verb: 'create', body: reversed(document) })));
    const first = operations.start(create('request-1', json), never);
    expect(operations.start(create('request-1', xml.body), never)).toBe(first);
  });

  test('is the same with a template and with the ClassAds it means', () => {
    const operations = new Operations({ kept: 10 });
    const direct = decodeCreate({ ...document, rank: 'TARGET.FreeMemoryMiB' });
    const templated = decodeCreate({ ...document, template: 'RANK = FREE_MEM_MB' });
    const first = operations.start(create('request-1', direct), never);
    expect(operations.start(create('request-1', templated), never)).toBe(first);
  });
});

describe('what is remembered', () => {
  test('is bounded: the oldest settled are forgotten first', async () => {
    const operations = new Operations({ kept: 3 });
    for (let index = 0; index < 10; index += 1) {
      await operations.start(create(`request-${index}`), async () => index).settled;
    }
    const known = Array.from(
      { length: 10 },
      (_, index) => operations.find({ requestId: `request-${index}` }) !== undefined,
    );
    expect(known).toEqual([...Array(7).fill(false), true, true, true]);
    expect(() => operations.get({ requestId: 'request-0' })).toThrow(
      expect.objectContaining({ code: 'REQUEST_UNKNOWN', details: { requestId: 'request-0' } }),
    );
  });

  test('never loses one that runs, however many come after it', async () => {
    const operations = new Operations({ kept: 2 });
    const { promise, resolve } = Promise.withResolvers<string>();
    const running = operations.start(create('running'), () => promise);
    const others = Array.from({ length: 5 }, (_, index) => operations.start(create(`also-${index}`), never));
    for (let index = 0; index < 20; index += 1) {
      await operations.start(create(`short-${index}`), async () => index).settled;
    }
    expect(operations.running()).toEqual([running, ...others]);
    expect(operations.start(create('running'), never)).toBe(running);
    resolve('vm');
    expect(await running.settled).toBe('vm');
  });

  test('counts a retried request as new', async () => {
    const operations = new Operations({ kept: 2 });
    const fail = async () => {
      throw new GridError('NO_PLANTS', 'no plant is connected');
    };
    await operations.start(create('a'), fail).settled.catch(() => undefined);
    await operations.start(create('b'), async () => 1).settled;
    await operations.start(create('a'), async () => 2).settled;
    await operations.start(create('c'), async () => 3).settled;
    expect(['a', 'b', 'c'].map((id) => operations.find({ requestId: id }) !== undefined)).toEqual([true, false, true]);
  });
});

describe('progress', () => {
  test('is told from the beginning to whoever listens, however late', async () => {
    const operations = new Operations({ kept: 10 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const operation = operations.start(create('request-1'), () => promise);
    operation.report(event('a'));
    const heard: (string | undefined)[] = [];
    const stop = operation.listen((one) => void heard.push(one.subject));
    expect(heard).toEqual(['a']);
    operation.report(event('b'));
    stop();
    operation.report(event('c'));
    expect(heard).toEqual(['a', 'b']);
    resolve();
    await operation.settled;
    const all: (string | undefined)[] = [];
    operation.listen((one) => void all.push(one.subject));
    expect(all).toEqual(['a', 'b', 'c']);
  });

  test('is remembered up to a limit; listeners hear the rest as well', () => {
    const operation = new Operations({ kept: 10 }).start(create('request-1'), never);
    let heard = 0;
    operation.listen(() => {
      heard += 1;
    });
    for (let index = 0; index < PROGRESS_KEPT + 10; index += 1) operation.report(event(String(index)));
    expect(heard).toBe(PROGRESS_KEPT + 10);
    expect(operation.toReply().progress).toHaveLength(PROGRESS_KEPT);
  });

  test('that comes twice, since a plant tells all its upstreams, is told once', () => {
    const operation = new Operations({ kept: 10 }).start(create('request-1'), never);
    for (const subject of ['a', 'b', 'a', 'b']) operation.report(event(subject));
    expect(operation.toReply().progress).toEqual([event('a'), event('b')]);
  });

  test('can be reported by the work from its first moment on', async () => {
    const operations = new Operations({ kept: 10 });
    const seen: Operation[] = [];
    const operation = operations.start(create('request-1'), async (own) => {
      own.report(event('a'));
      seen.push(operations.get({ requestId: 'request-1' }));
    });
    await operation.settled;
    expect(seen).toEqual([operation]);
    expect(operation.toReply().progress).toEqual([event('a')]);
  });
});

describe('the reply that describes an operation', () => {
  const common = { requestId: 'request-1', verb: 'create', progress: [] };

  test('says that it runs, then its result', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const operation = new Operations({ kept: 10 }).start(create('request-1'), () => promise);
    expect(operation.toReply()).toEqual({ ...common, state: 'running' });
    resolve({ vm: { VmId: 'vm-1' } });
    await operation.settled;
    expect(operation.toReply()).toEqual({ ...common, state: 'done', result: { vm: { VmId: 'vm-1' } } });
  });

  test('has the error of one that failed, without the text of a fault of the program', async () => {
    const operation = new Operations({ kept: 10 }).start(create('request-1'), async () => {
      throw new TypeError('password hunter2 is not a function');
    });
    await expect(operation.settled).rejects.toThrow(TypeError);
    expect(operation.toReply()).toMatchObject({ state: 'failed', error: { code: 'INTERNAL' } });
    expect(JSON.stringify(operation.toReply())).not.toContain('hunter2');
  });

  test('is not changed by what comes later', () => {
    const operation = new Operations({ kept: 10 }).start(create('request-1'), never);
    const before = operation.toReply();
    operation.report(event('a'));
    expect(before.progress).toEqual([]);
  });
});

describe('a request of somebody', () => {
  const operator = { owner: 'root', sees: 'all' } as const;
  const ofOwner = (owner: string, requestId = 'request-1') => ({ ...create(requestId), owner });

  test('is found by who sees all, by its id alone, unless several owners have one of that id', async () => {
    const operations = new Operations({ kept: 2 });
    const started = ['ada', 'bob'].map((owner) => operations.start(ofOwner(owner), async () => owner));
    await Promise.all(started.map(({ settled }) => settled));
    const found = () => operations.get({ requestId: 'request-1', caller: operator }).owner;
    const details = { requestId: 'request-1', owners: ['ada', 'bob'] };
    expect(found).toThrow(expect.objectContaining({ code: 'REQUEST_AMBIGUOUS', details }));
    await operations.start(ofOwner('ada', 'request-2'), async () => 'vm').settled;
    expect(found()).toBe('bob');
    await operations.start(ofOwner('ada', 'request-3'), async () => 'vm').settled;
    expect(found).toThrow(expect.objectContaining({ code: 'REQUEST_UNKNOWN' }));
  });

  test('is not found by anybody else', () => {
    const operations = new Operations({ kept: 2 });
    operations.start(ofOwner('ada'), never);
    const asked = () => operations.get({ requestId: 'request-1', caller: { owner: 'bob', sees: 'own' } });
    expect(asked).toThrow(expect.objectContaining({ code: 'REQUEST_UNKNOWN' }));
  });
});

/** Returns the same document with all its keys in the opposite order. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, reversed(member)]);
  return Object.fromEntries(entries.reverse()) as T;
}
