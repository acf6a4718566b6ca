import { describe, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { decodeDocument } from '../../src/documents/decode-document.ts';
import { DOCUMENT_LIMITS, DocumentService } from '../../src/index.ts';

const service = new DocumentService();
const ADA = { owner: 'ada' };
const bytesOf = (text: string) => Buffer.from(text);
/** Far more than is read at once. */
const PADDING = ' '.repeat(2 * DOCUMENT_LIMITS.smallBytes);
const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 };
const CREATE = JSON.stringify({ machine, dag: { actions: [{ id: 'a', kind: 'script', script: 'true' }] } });

describe.each([
  ['a small document', ''],
  ['a large one', PADDING],
])('of %s', (_, padding) => {
  test('the body of the verb is told, with what its address and its headers say', async () => {
    const bytes = bytesOf(CREATE + padding);
    const document = { medium: 'json', bytes, verbs: ['create'], requestId: 'r-1' } as const;
    expect(await service.read(document, ADA)).toEqual({ ...JSON.parse(CREATE), requestId: 'r-1' });
  });

  test('an XML document without a verb asked for is told with its own', async () => {
    const bytes = bytesOf(`<vmgrid version="1"><list/></vmgrid>${padding}`);
    expect(await service.read({ medium: 'xml', bytes }, ADA)).toEqual({ verb: 'list', body: {} });
  });

  test('the error is told, with its code, its message and its details', async () => {
    const bytes = bytesOf(`{"a": 1,\n "a": 2}${padding}`);
    const error = await service.read({ medium: 'json', bytes }, ADA).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GridError);
    expect(error).toMatchObject({
      code: 'REQUEST_INVALID',
      message: 'the key "a" is given twice, again at line 2, column 2',
      details: { problems: [{ path: 'a' }] },
    });
  });
});

const wrong = (of: object) => bytesOf(JSON.stringify({ ...JSON.parse(CREATE), ...of }));

test.each([
  ['with a few faults', { machine: 1, lease: 2 }],
  ['with very many', { dag: { actions: Array(2_000).fill({}) } }],
])('a small document %s is told what they are, as by a worker', async (_, faults) => {
  const document = { medium: 'json', bytes: wrong(faults), verbs: ['create'] } as const;
  const error = await service.read(document, ADA).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GridError);
  expect(() => decodeDocument(document)).toThrow(error as GridError);
});

test('a small document is looked through by a worker only where it is wrong', async () => {
  const limits: ConstructorParameters<typeof DocumentService>[0] = {
    ...DOCUMENT_LIMITS,
    get memoryMiB(): number {
      throw new Error('no thread'); // as the worker is made
    },
  };
  const poor = new DocumentService(limits);
  const read = (bytes: Uint8Array) => poor.read({ medium: 'json', bytes, verbs: ['create'] }, ADA);
  expect(await read(wrong({}))).toEqual(JSON.parse(CREATE));
  await expect(read(wrong({ machine: 1 }))).rejects.toThrow('no thread');
});

const RENEW = [
  ['json', '{ "lease": "PT1H"', ', "vmId": "', '" }'],
  ['xml', '<vmgrid version="1"><renew lease="PT1H"', ' vmId="', '"/></vmgrid>'],
] as const;
const VM = 'vm-00000000-0000-4000-8000-000000000000';
const OTHER_VM = VM.replaceAll('0', '1');

test.each(RENEW)(
  'what the address of a document in %s names may be left out, or be there too',
  async (medium, ...text) => {
    const [begin, field, end] = text;
    for (const more of ['', `${field}${VM}`]) {
      const bytes = bytesOf(`${begin}${more}${end!.slice(more === '' ? 1 : 0)}`);
      const document = { medium, bytes, verbs: ['renew'], fixed: { vmId: VM }, requestId: 'r-1' } as const;
      expect(await service.read(document, ADA)).toEqual({ lease: 'PT1H', vmId: VM, requestId: 'r-1' });
    }
  },
);

test.each(RENEW)(
  'a document in %s about another thing than its address is refused',
  async (medium, begin, field, end) => {
    const bytes = bytesOf(begin + field + OTHER_VM + end);
    const reading = service.read({ medium, bytes, verbs: ['renew'], fixed: { vmId: VM } }, ADA);
    await expect(reading).rejects.toMatchObject({ code: 'REQUEST_INVALID', details: { problems: [{ path: 'vmId' }] } });
  },
);

test.each([
  ['memory', { memoryMiB: 28 }, 'MiB of memory'],
  ['time', { readMs: 1 }, 'ms'],
])('a document that takes more %s than there is for one is refused, and the next is read', async (_, limits, what) => {
  const poor = new DocumentService({ ...DOCUMENT_LIMITS, readers: 1, ...limits });
  const heavy = bytesOf(`{"a": [${Array.from({ length: 49_000 }, (_, index) => `{"${index}": ""}`).join()}]}`);
  await expect(poor.read({ medium: 'json', bytes: heavy }, ADA)).rejects.toMatchObject({
    code: 'BODY_TOO_LARGE',
    details: { what },
  });
  if (!('readMs' in limits))
    expect(await poor.read({ medium: 'json', bytes: bytesOf(`{}${PADDING}`) }, ADA)).toEqual({});
});

test('owners take turns, and one with too many documents that wait is told so', async () => {
  const one = new DocumentService({ ...DOCUMENT_LIMITS, readers: 1, waitingOfOwner: 2 });
  const order: string[] = [];
  const read = async (owner: string) => {
    await one.read({ medium: 'json', bytes: bytesOf(`{}${PADDING}`) }, { owner });
    order.push(owner);
  };
  const all = [read('ada'), read('ada'), read('ada'), read('bob')];
  await expect(read('ada')).rejects.toMatchObject({ code: 'OVERLOADED', details: { owner: 'ada', waiting: 2 } });
  await Promise.all(all);
  expect(order).toEqual(['ada', 'ada', 'bob', 'ada']);
});

test('while no worker can be started a document is refused, and the next is read', async () => {
  let threads = 0;
  const limits: ConstructorParameters<typeof DocumentService>[0] = {
    ...DOCUMENT_LIMITS,
    readers: 1,
    get memoryMiB() {
      threads += 1;
      if (threads === 1) throw new Error('no thread'); // as the worker is made
      return 256;
    },
  };
  const poor = new DocumentService(limits);
  const large = { medium: 'json', bytes: bytesOf(`{}${PADDING}`) } as const;
  await expect(poor.read(large, ADA)).rejects.toThrow('no thread');
  expect(await poor.read(large, ADA)).toEqual({});
});

test('a large document is refused when the credentials of its client do not hold any more once it was read', async () => {
  let holds = true;
  const revalidate = () => {
    if (!holds) throw new GridError('UNAUTHENTICATED', 'the token was revoked');
  };
  const read = () => service.read({ medium: 'json', bytes: bytesOf(`{}${PADDING}`) }, { ...ADA, revalidate });
  expect(await read()).toEqual({});
  const reading = read();
  holds = false;
  await expect(reading).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});
