/** A host that sends anything at all: the agent, compiled with sanitizers, takes it and serves on. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeCloneIdentity } from '../../src/guest/clone-identity.ts';
import {
  ASK,
  encodeFields,
  encodeFrame,
  FILL,
  type Frame,
  FrameReader,
  TELL,
} from '../../src/guest/resident/frames.ts';
import { identityFields } from '../../src/guest/resident/resident-guest.ts';
import { compileAgent, makeRoot, startAgent } from './agent-program.ts';

const STREAMS = 200;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmgrid-agent-'));
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((values) => Buffer.from(values));
const id = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const identity = identityFields(makeCloneIdentity({ hostName: 'vm-1', macAddress: '52:54:00:aa:bb:cc' }), 0);
/** An identity of which one field is anything, or missing, or one too many. */
const identities = fc
  .tuple(fc.nat(identity.length), fc.oneof(bytes(64), bytes(5_000)), fc.constantFrom('change', 'drop', 'add'))
  .map(([at, field, how]) =>
    encodeFields(identity.toSpliced(at, how === 'add' ? 0 : 1, ...(how === 'drop' ? [] : [field]))),
  );
/** Only what is certainly harmless may run. */
const commands = fc
  .array(bytes(20), { maxLength: 70 })
  .map((words) => encodeFields([...(words.length % 2 === 0 ? ['/bin/true'] : ['/nowhere/at/all']), ...words]));

const frames = fc.oneof(
  fc.tuple(fc.constant(ASK.identity), fc.oneof(identities, bytes(2_000))),
  fc.tuple(fc.constant(ASK.run), commands),
  fc.tuple(fc.constantFrom(ASK.hello, ASK.end, 0, 5, 2 ** 32 - 1), bytes(300)),
);
const pieces = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(id, frames).map(([of, [type, content]]) => encodeFrame({ id: of, type, content })) },
  { weight: 1, arbitrary: bytes(200) },
  { weight: 1, arbitrary: bytes(12).map((rest) => Buffer.concat([Buffer.from('vmga'), rest])) },
);

test('whatever a host sends, the agent serves the next one', async () => {
  const program = compileAgent(folder);
  const root = join(folder, 'root');
  await makeRoot(root, {});
  const agent = startAgent(program, root);
  const reader = new FrameReader();
  let heard = (_frame: Frame): void => undefined;
  agent.socket.on('data', (chunk: Buffer) => {
    for (const frame of reader.read(chunk)) heard(frame);
  });
  for (const [number, stream] of fc.sample(fc.array(pieces, { maxLength: 50 }), STREAMS).entries()) {
    const nonce = `stream ${number}`;
    const answered = Promise.withResolvers<void>();
    heard = ({ type, content }) => {
      if (type === TELL.hello && content.toString().endsWith(nonce)) answered.resolve();
    };
    agent.socket.write(
      Buffer.concat([...stream, FILL, encodeFrame({ id: 1, type: ASK.hello, content: Buffer.from(nonce) })]),
    );
    await answered.promise;
  }
  expect(await agent.end()).toEqual({ status: 0, printed: '' });
}, 120_000);
