/** All that reads what strangers write: clients, plants and brokers, guests, archives. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { zstdCompressSync } from 'node:zlib';
import {
  ClassAdError,
  ClassAdSyntaxError,
  evaluate,
  fromJson,
  fromXml,
  parseClassAd,
  parseExpression,
} from '@vmgrid/classad';
import { decodeRequest, GridError, parseJson, validate } from '@vmgrid/protocol';
import { decodeXmlReply, decodeXmlRequest } from '@vmgrid/protocol/xml';
import { QgaClient } from '../../../packages/lines/src/guest/qga-client.ts';
import { parseReportLine } from '../../../packages/lines/src/guest/report.ts';
import { ReportChannel } from '../../../packages/lines/src/guest/report-channel.ts';
import { parseMessage } from '../../../packages/protocol/src/link/messages.ts';
import {
  EVENT_SCHEMAS,
  isBidderEvent,
  isLinkMethod,
  METHOD_SCHEMAS,
} from '../../../packages/protocol/src/link/method-schemas.ts';
import { IncomingDocument } from '../../../packages/vmshop/src/tcp/incoming-document.ts';
import { importStream } from '../../../packages/warehouse/src/archive/import.ts';
import { Manifest } from '../../../packages/warehouse/src/images/manifest.ts';
import { Warehouse } from '../../../packages/warehouse/src/warehouse.ts';

export interface FuzzTarget {
  readonly name: string;
  /** Inputs in good faith, to be damaged. */
  readonly known: readonly Buffer[];
  /** How many of a hundred inputs it gets: what touches the disk gets few. */
  readonly share: number;
  /** Reads one input. An error of its own kinds is a refusal; any other is a crash. */
  feed(input: Buffer): unknown;
  close?(): Promise<void>;
}

const EXAMPLES = join(import.meta.dirname, '../../../schemas/examples');

function examples(ending: string): Buffer[] {
  return ['valid', 'invalid'].flatMap((folder) =>
    readdirSync(join(EXAMPLES, folder))
      .filter((name) => name.endsWith(ending))
      .map((name) => readFileSync(join(EXAMPLES, folder, name))),
  );
}

const texts = (...lines: string[]): Buffer[] => lines.map((line) => Buffer.from(line));

const ADS = texts(
  '[ MemoryMiB = 512; Line = "qemu"; Requirements = TARGET.LoadAverage < 4 && member("qemu", TARGET.Lines) ]',
  '[ a = { 1, 2.5, "x", [ b = undefined ] }; c = a[0] + a[3].b; d = ifThenElse(c =?= undefined, error, regexp("a*b", "aab")) ]',
  '[ t = absTime("2026-01-01T00:00:00Z"); s = splitTime(t); f = formatTime(t, "%F"); l = stringListMember("a", "a, b") ]',
);
const EXPRESSIONS = texts(
  'MY.MemoryMiB / real(TARGET.TotalMemoryMiB - TARGET.UsedMemoryMiB) + 0.02 * PLAN.ExpectedSeconds',
  '(((a ?: b) && !c) || d =!= "e\\n" + f[1].g) ? h : strcat("i", string(j))',
  'regexps("(a|b)*c", strcat("ab", "abc"), "\\\\1") == size({1, 2, 3}) || x < -5 >> 2',
);
const MESSAGES = texts(
  '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"plantId":"plant-1","version":"0","ad":{}}}',
  '{"jsonrpc":"2.0","id":2,"method":"query","params":{"vmId":"vm-00000000-0000-4000-8000-000000000000"}}',
  '{"jsonrpc":"2.0","method":"progress","params":{"requestId":"a","at":"2026-01-01T00:00:00Z","phase":"boot","state":"done"}}',
  '{"jsonrpc":"2.0","id":3,"result":[{"VmId":"vm-1"}]}',
);
const TOKEN_LINES = texts(
  `vmg_${'x'.repeat(43)}\n<vmgrid version="1"><list/></vmgrid>`,
  'eyJhbGciOiJub25lIn0.e30.\r\n<vmgrid version="1"><query vmId="vm-1"/></vmgrid>',
);
const REPORT = texts(
  'begin 0 1\nattributes - U3NoSG9zdEtleSA9ICJhIgo=\nend 0 0 no 120 1\nfinished\n',
  'run 0123456789abcdef01234567\nidentity\noutput 3 aGVsbG8=\nstopped 3\nwarning bm8=\nran 0123456789abcdef01234567 0\n',
);
const AGENT = texts('\xff{"return": 12}\n', '{"return": {"pid": 41}}\n', '{"error": {"class": "X", "desc": "no"}}\n');
const MANIFEST = texts(
  JSON.stringify({
    ...{
      version: 1,
      id: 'octave',
      line: 'qemu',
      createdAt: '2026-01-01T00:00:00Z',
      createdBy: 'plant-1@host',
      base: 'base',
    },
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 64 },
    ...{ parent: 'base', history: [], disk: 'disk.qcow2', diskFormat: 'qcow2', files: [] },
    boot: { kernel: 'vmlinuz', initrd: 'initrd.img', commandLine: 'quiet', layouts: ['pc-virtio-scsi-1'] },
  }),
);

/** Whether an error is a refusal in so many words. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof GridError
    ? error.code !== 'INTERNAL'
    : error instanceof ClassAdSyntaxError || error instanceof ClassAdError;

/** A socket whose other end a guest holds. */
const guestSocket = () => new PassThrough() as unknown as Socket;

function feedLink(input: Buffer): void {
  const message = parseMessage(input.toString('utf8'));
  const options = { code: 'LINK_PROTOCOL', subject: message.kind } as const;
  if (message.kind === 'call' && isLinkMethod(message.method))
    validate(METHOD_SCHEMAS[message.method].request, message.params, options);
  if (message.kind === 'notice' && isBidderEvent(message.method))
    validate(EVENT_SCHEMAS[message.method], message.params, options);
  if (message.kind === 'result') validate(METHOD_SCHEMAS.list.reply, message.result, options);
}

const DOCUMENT_LIMIT = { bytes: 65_536, owner: 'fuzz' };

/** In pieces, as a socket hands it over. */
async function feedDocument(input: Buffer): Promise<void> {
  const refused = Promise.withResolvers<never>();
  const admit = (token?: string): string => {
    if (token === undefined) throw new GridError('UNAUTHENTICATED', 'no token');
    return token;
  };
  const incoming = new IncomingDocument<string>({
    admit: async (token) => admit(token),
    limitOf: () => DOCUMENT_LIMIT,
    refuse: refused.reject,
  });
  const pieceBytes = 1 + (input.length % 97);
  for (let from = 0; from < input.length; from += pieceBytes) incoming.add(input.subarray(from, from + pieceBytes));
  const { document } = await Promise.race([incoming.end(), refused.promise]);
  decodeXmlRequest(document);
}

function feedRequest(input: Buffer): void {
  const json = parseJson(input);
  for (const verb of ['create', 'configure', 'query', 'list', 'destroy', 'renew', 'cancel']) {
    try {
      decodeRequest(verb, json);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

async function feedReport(input: Buffer): Promise<void> {
  for (const line of input.toString('utf8').split('\n')) parseReportLine(line);
  const socket = guestSocket();
  const channel = new ReportChannel(socket);
  const token = channel.announce();
  const lines = channel.lines(AbortSignal.timeout(10_000));
  socket.push(`run ${token}\n`);
  socket.push(input);
  socket.push(`\nran ${token} 0\n`);
  for await (const line of lines) parseReportLine(line);
  channel.close();
}

function feedAgent(input: Buffer): void {
  const socket = guestSocket();
  const agent = new QgaClient(socket);
  const asked = agent.execute('guest-ping', {}, AbortSignal.timeout(10_000));
  asked.catch(() => undefined);
  socket.push(input);
  agent.close();
}

async function archiveTarget(): Promise<FuzzTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'vmgrid-fuzz-'));
  const warehouse = await Warehouse.open(folder);
  const options = { signal: AbortSignal.timeout(3_600_000), restoreFault: () => undefined };
  const header = Buffer.alloc(512, 0);
  header.write('archive.json');
  header.write('0000644\0', 100);
  header.write('00000000012\0', 124);
  header.write('ustar\0', 257);
  return {
    name: 'image archive',
    known: [header, Buffer.concat([header, ...MANIFEST, Buffer.alloc(1_024)]), ...MANIFEST],
    share: 1,
    feed: (input) => importStream(warehouse, Readable.from([zstdCompressSync(input)]), options),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function fuzzTargets(): Promise<readonly FuzzTarget[]> {
  const text = (input: Buffer) => input.toString('utf8');
  return [
    { name: 'XML request', known: examples('.xml'), share: 18, feed: (input) => decodeXmlRequest(input) },
    { name: 'XML reply', known: examples('.xml'), share: 6, feed: (input) => decodeXmlReply(text(input)) },
    { name: 'TCP document', known: [...examples('.xml'), ...TOKEN_LINES], share: 4, feed: feedDocument },
    { name: 'JSON request', known: examples('.json'), share: 18, feed: feedRequest },
    { name: 'link message', known: MESSAGES, share: 15, feed: feedLink },
    { name: 'ClassAd', known: ADS, share: 8, feed: (input) => parseClassAd(text(input)) },
    {
      name: 'ClassAd expression',
      known: EXPRESSIONS,
      share: 12,
      feed: (input) => evaluate(parseExpression(text(input)), { my: parseClassAd('[a = 1; b = "x"]') }),
    },
    {
      name: 'ClassAd in JSON',
      known: texts('{"a":1,"b":"\\\\/Expr(a+1)\\\\/"}'),
      share: 5,
      feed: (input) => fromJson(text(input)),
    },
    {
      name: 'ClassAd in XML',
      known: texts('<c><a n="A"><i>1</i></a><a n="B"><e>A + 1</e></a></c>'),
      share: 5,
      feed: (input) => fromXml(text(input)),
    },
    {
      name: 'manifest',
      known: MANIFEST,
      share: 5,
      feed: (input) => validate(Manifest, parseJson(input), { subject: 'manifest' }),
    },
    { name: 'guest report', known: REPORT, share: 4, feed: feedReport },
    { name: 'guest agent', known: AGENT, share: 3, feed: feedAgent },
    await archiveTarget(),
  ];
}
