/** Configuration of a shop: the schema is the source of the types, of `schemas/` and of the defaults. */
import { SECURITY_CONFIG } from '@vmgrid/access';
import { HEAP_MIB, heapMiBField, LOG_LEVELS } from '@vmgrid/daemon';
import { type Static, Type } from 'typebox';
import { Quotas } from './quotas/quota.ts';

const closed = { additionalProperties: false } as const;
const Port = (value: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: value });

export const ShopConfig = Type.Object(
  {
    /** Address of all listeners. Anything but loopback must be asked for. */
    host: Type.String({ minLength: 1, maxLength: 255, default: '127.0.0.1' }),
    /** HTTP: clients, and the link to the plants. 0 takes any free port. */
    httpPort: Port(7780),
    /** XML request and reply over a TCP socket, as in the paper. */
    xmlPort: Port(7781),
    /** Plants to dial, which wait at their own doors: WebSocket addresses of their links (static binding). */
    plants: Type.Array(Type.String({ pattern: '^wss?://' }), { maxItems: 1_024, default: [] }),
    /** How long an auction waits for bids when not all have answered. */
    bidWindowMs: Type.Integer({ minimum: 10, maximum: 60_000, default: 2_000 }),
    /** Awards tried before the request is refused. */
    awardAttempts: Type.Integer({ minimum: 1, maximum: 16, default: 3 }),
    /** Longest time one request may take, from its arrival to its reply. */
    requestDeadlineMs: Type.Integer({ minimum: 1_000, maximum: 86_400_000, default: 1_800_000 }),
    /** How long a plant that left, or vanished with the shop before this one, is waited for. */
    plantReturnMs: Type.Integer({ minimum: 0, maximum: 600_000, default: 20_000 }),
    /** How long it is named afterwards among those that give no answer, before it is forgotten. */
    plantForgetMs: Type.Integer({ minimum: 0, maximum: 30 * 86_400_000, default: 86_400_000 }),
    ...SECURITY_CONFIG,
    /** The quotas of owners. Left out: owners get as much as plants give. */
    quotas: Type.Optional(Quotas),
    /** Requests per minute and client address at the HTTP door. */
    requestsPerMinute: Type.Integer({ minimum: 1, default: 6_000 }),
    /** Finished requests and their trails that are remembered. */
    requestsKept: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000 }),
    /**
     * Folder for the trails of past auctions, and for the plants that are known and their VMs. Left out: they are kept
     * in memory.
     */
    stateDirectory: Type.Optional(Type.String({ pattern: '^/' })),
    /** Auctions whose trails are kept, and what they may take together. */
    auctionsKept: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000 }),
    auctionsKeptMiB: Type.Integer({ minimum: 1, maximum: 65_536, default: 64 }),
    /** How far the daemon's heap may grow, in MiB; a limit that Node was started with goes before. */
    heapMiB: heapMiBField(HEAP_MIB.vmshop),
    logLevel: Type.Union(
      LOG_LEVELS.map((level) => Type.Literal(level)),
      { default: 'info' },
    ),
  },
  closed,
);
export type ShopConfig = Static<typeof ShopConfig>;
