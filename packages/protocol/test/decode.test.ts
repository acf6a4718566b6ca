import { expect, test } from '@jest/globals';
import {
  type CreateRequest,
  decodeConfigure,
  decodeCreate,
  decodeList,
  decodeRequest,
  formatDuration,
  GridError,
  parseDuration,
  parseJson,
} from '@vmgrid/protocol';
import fc from 'fast-check';

const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 } as const;
const script = (id: string, more: object = {}) => ({ id, kind: 'script', script: 'true', ...more });
const request = (more: object = {}) => ({ machine, dag: { actions: [script('a'), script('b')] }, ...more });

function fault(work: () => unknown): GridError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof GridError) return thrown;
    throw thrown;
  }
  throw new Error('expected a GridError');
}

const createFault = (more: object) => fault(() => decodeCreate(request(more)));

test('a request that follows the schema is handed on as it is', () => {
  const json = request({ lease: 'PT4H', requirements: 'TARGET.FreeMemoryMiB >= 512', rank: '-TARGET.LoadAverage' });
  expect(decodeCreate(json)).toBe(json);
});

test('a missing field is named with its place', () => {
  const error = createFault({ machine: { ...machine, cpus: undefined, memoryMiB: 32 } });
  expect(error.code).toBe('REQUEST_INVALID');
  expect(error.message).toBe('create: machine.cpus is missing; machine.memoryMiB is 32, but must be >= 64');
  expect(error.details).toEqual({
    problems: [
      { path: 'machine.cpus', message: 'machine.cpus is missing' },
      { path: 'machine.memoryMiB', message: 'machine.memoryMiB is 32, but must be >= 64' },
    ],
  });
});

test('a wrong field in one kind of action is told of that kind alone', () => {
  const error = createFault({
    dag: { actions: [script('a'), { id: 'k', kind: 'file', path: 'etc/motd', content: '' }] },
  });
  expect(error.message).toBe(
    'create: dag.actions[1].path is "etc/motd", but must match ^/[^\\u0000-\\u001f\\u007f]*[^/\\u0000-\\u001f\\u007f]$',
  );
});

test.each([
  [
    'an unknown kind',
    { id: 'a', kind: 'magic' },
    'dag.actions[0].kind is "magic", but must be one of "script", "file", "package", "host"',
  ],
  ['no kind', { id: 'a' }, 'dag.actions[0].kind is missing, but must be one of "script", "file", "package", "host"'],
  ['no object', 7, 'dag.actions[0] is 7, not of type object'],
  [
    'an unknown choice',
    script('a', { onError: 'shrug' }),
    'dag.actions[0].onError is "shrug", but must be one of "abort", "continue"',
  ],
])('an action with %s is told what it may be', (_, action, message) => {
  expect(createFault({ dag: { actions: [action] } }).message).toBe(`create: ${message}`);
});

test('an unknown field is named, with those that are known', () => {
  expect(createFault({ machine: { ...machine, gpus: 2 } }).message).toBe(
    'create: "gpus" is not known in machine; known are arch, os, memoryMiB, cpus, diskMiB, line',
  );
});

test('the texts of actions, and everything of secret ones, stay out of messages', () => {
  const secrets = [
    script('a', { script: ['hunter2'] }),
    { id: 'b', kind: 'file', secret: true, path: 'hunter2', content: 'x' },
    script('c', { environment: { PASSWORD: 'hunter2'.repeat(5_000) } }),
    { id: 'd', kind: 'host', name: 'n', arguments: ['hunter2\u0000'] },
  ];
  const error = createFault({ dag: { actions: secrets } });
  expect(JSON.stringify(error.toBody())).not.toContain('hunter2');
  expect((error.details.problems as unknown[]).length).toBe(4);
});

test('a document with very many faults is refused with its first', () => {
  const error = createFault({ dag: { actions: Array.from({ length: 200_000 }, () => 1) } });
  expect(error.message).toBe('create: dag.actions has 200000 items, but must have at most 1000');
});

test('two actions of one id are DAG_DUPLICATE_ID with the id', () => {
  const error = createFault({ dag: { actions: [script('a'), script('b'), script('a')] } });
  expect(error.toBody()).toMatchObject({
    code: 'DAG_DUPLICATE_ID',
    message: 'dag.actions[0] and dag.actions[2] both have the id "a"',
    details: { field: 'dag', id: 'a' },
  });
});

test('an edge to nowhere is DAG_EDGE_UNKNOWN with its ends', () => {
  const error = createFault({ dag: { actions: [script('a')], edges: [{ from: 'a', to: 'z' }] } });
  expect(error.toBody()).toMatchObject({
    code: 'DAG_EDGE_UNKNOWN',
    message: 'dag.edges[0] goes from "a" to "z", but no action has the id "z"',
    details: { field: 'dag', from: 'a', to: 'z', unknown: 'z' },
  });
});

test('a cycle is DAG_CYCLE with the ids on it, also in the destruction DAG and in configure', () => {
  const cyclic = {
    actions: [script('a'), script('b')],
    edges: [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a' },
    ],
  };
  expect(createFault({ destruction: cyclic }).toBody()).toMatchObject({
    code: 'DAG_CYCLE',
    message: 'the edges of destruction form a cycle: a → b → a',
    details: { field: 'destruction', ids: ['a', 'b'] },
  });
  const vmId = 'vm-00000000-0000-4000-8000-000000000000';
  expect(fault(() => decodeConfigure({ vmId, dag: cyclic })).code).toBe('DAG_CYCLE');
});

test('an expression that does not parse is EXPRESSION_INVALID with its place', () => {
  const error = createFault({ requirements: 'TARGET.Cpus >=' });
  expect(error.code).toBe('EXPRESSION_INVALID');
  expect(error.message).toMatch(/^requirements: .*line 1, column 15/);
  expect(error.details).toEqual({ field: 'requirements', line: 1, column: 15 });
  expect(fault(() => decodeList({ constraint: '((' })).details.field).toBe('constraint');
});

test.each([
  ['lease', { lease: 'PT0S' }, 'lease is PT0S, but must be longer than nothing and at most PT2592000S'],
  ['lease', { lease: 'P31D' }, 'lease is P31D, but must be longer than nothing and at most PT2592000S'],
  [
    'dag.actions[0].timeout',
    { dag: { actions: [script('a', { timeout: 'P2D' })] } },
    'dag.actions[0].timeout is P2D, but must be longer than nothing and at most PT86400S',
  ],
])('a length of time out of bounds is DURATION_INVALID: %s', (field, more, message) => {
  const error = createFault(more);
  expect(error.code).toBe('DURATION_INVALID');
  expect(error.message).toBe(message);
  expect(error.details.field).toBe(field);
});

test('durations are read to the millisecond', () => {
  expect(['PT90S', 'P1DT2H3M4.005S', 'P2D', 'PT0.25S'].map(parseDuration)).toEqual([
    90_000, 93_784_005, 172_800_000, 250,
  ]);
});

test.each(['', 'P', 'PT', 'P1M', '1H', 'PT1H ', 'P1DT', 'PT-1S', 'PT1.S'])('%j is no duration', (text) => {
  expect(fault(() => parseDuration(text)).code).toBe('DURATION_INVALID');
});

test('every whole number of milliseconds survives being spelled as a duration', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000_000 }), (milliseconds) => {
      expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
    }),
  );
});

test('a request is decoded by its verb, and an unknown verb is refused', () => {
  const body = request() as CreateRequest;
  expect(decodeRequest('estimate', body)).toEqual({ verb: 'estimate', body });
  expect(fault(() => decodeRequest('toString', body)).message).toBe(
    '"toString" is not a verb; known are create, estimate, configure, query, list, destroy, suspend, resume, start, renew, cancel',
  );
});

test.each([
  ['{"a":1,}', 1, 8],
  ['{\n "a": x}', 2, 7],
  ['', 1, 1],
  ['{"a":"b', 1, 8],
  ['[1,\n2\n', 3, 1],
])('malformed JSON %j is REQUEST_MALFORMED at line %d, column %d', (text, line, column) => {
  const error = fault(() => parseJson(text));
  expect(error.code).toBe('REQUEST_MALFORMED');
  expect(error.details).toEqual({ line, column });
});

test('JSON that is not UTF-8 is REQUEST_MALFORMED', () => {
  expect(fault(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).message).toBe('the document is not UTF-8 text');
  expect(parseJson(Uint8Array.of(0x22, 0xc3, 0xa9, 0x22))).toBe('é');
});
