/** Configuration of a shop: the schema is the source of the types, of `schemas/` and of the defaults. */
import { SECURITY_CONFIG } from '@vmgrid/access';
import { HEAP_MIB, heapMiBField, LOG_LEVELS } from '@vmgrid/daemon';
import { Duration } from '@vmgrid/dag';
import { type Static, Type } from 'typebox';
import { Quotas } from './quotas/quota.ts';

const closed = { additionalProperties: false } as const;
const port = (value: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: value, description });

export const ShopConfig = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      maxLength: 255,
      default: '127.0.0.1',
      description: 'Address that the daemon listens on. Anything but loopback needs `tls`.',
    }),
    httpPort: port(7780, 'Port of the HTTP endpoint, for clients and for the links of plants. 0 takes any free port.'),
    xmlPort: port(7781, 'Port of the TCP endpoint: XML request and reply over a socket. 0 takes any free port.'),
    plants: Type.Array(Type.String({ pattern: '^wss?://' }), {
      maxItems: 1_024,
      default: [],
      description: 'WebSocket addresses of the links of plants that the shop dials (static binding).',
    }),
    bidWindowMs: Type.Integer({
      minimum: 10,
      maximum: 60_000,
      default: 2_000,
      description: 'How long an auction waits for bids when not all plants have answered.',
    }),
    awardAttempts: Type.Integer({
      minimum: 1,
      maximum: 16,
      default: 3,
      description: 'Awards that are tried before the request is refused.',
    }),
    requestDeadlineMs: Type.Integer({
      minimum: 1_000,
      maximum: 86_400_000,
      default: 1_800_000,
      description: 'Longest time that one request may take, from its arrival to its reply.',
    }),
    plantReturnMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      default: 20_000,
      description: 'How long the shop waits for a plant that left, or that the shop before a restart knew.',
    }),
    plantForgetMs: Type.Integer({
      minimum: 0,
      maximum: 30 * 86_400_000,
      default: 86_400_000,
      description: 'How long an absent plant is still named among those that give no answer, before it is forgotten.',
    }),
    ...SECURITY_CONFIG,
    quotas: Type.Optional(Quotas),
    requestsPerMinute: Type.Integer({
      minimum: 1,
      default: 6_000,
      description:
        'Requests that one client address may send to the HTTP endpoint; on loopback each token counts by itself.',
    }),
    requestsKept: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 10_000,
      description: 'How many finished requests and their trails are remembered.',
    }),
    stateDirectory: Type.Optional(
      Type.String({
        pattern: '^/',
        description:
          'Folder for the trails of past auctions, the plants that are known and their VMs. ' +
          'Left out: they are kept in memory.',
      }),
    ),
    auctionsKept: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 10_000,
      description: 'How many auctions are kept with their trails.',
    }),
    auctionsKeptMiB: Type.Integer({
      minimum: 1,
      maximum: 65_536,
      default: 64,
      description: 'Space that the trails of the auctions may take together.',
    }),
    fileMiB: Type.Integer({
      minimum: 1,
      maximum: 4_095, // a configuration disc has no file of 4 GiB
      default: 1024,
      description: 'Longest file that a client may upload.',
    }),
    filesMiB: Type.Integer({
      minimum: 1,
      default: 8192,
      description: 'Disk space that all uploaded files may take together, in the state directory.',
    }),
    filesKept: Type.Unsafe<string>({
      ...Duration,
      default: 'P7D',
      description: 'How long an uploaded file stays after its upload, or after the last request that names it.',
    }),
    heapMiB: heapMiBField(HEAP_MIB.vmshop),
    logLevel: Type.Union(
      LOG_LEVELS.map((level) => Type.Literal(level)),
      { default: 'info', description: 'The least severe messages that are logged.' },
    ),
  },
  closed,
);
export type ShopConfig = Static<typeof ShopConfig>;
