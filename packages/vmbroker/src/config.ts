/** Configuration of a broker: the schema is the source of the types, of `schemas/` and of the defaults. */
import { SECURITY_CONFIG } from '@vmgrid/access';
import { HEAP_MIB, heapMiBField, LOG_LEVELS } from '@vmgrid/daemon';
import { PlantId } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

export const BrokerConfig = Type.Object(
  {
    /** Among the ids of plants and brokers its own. */
    brokerId: PlantId,
    /** Shops and brokers to dial: WebSocket addresses of their links. */
    upstreams: Type.Array(Type.String({ pattern: '^wss?://' }), {
      minItems: 1,
      maxItems: 16,
      default: ['ws://127.0.0.1:7780/v1/link'],
    }),
    /** Plants to dial, which wait at their own doors: WebSocket addresses of their links (static binding). */
    plants: Type.Array(Type.String({ pattern: '^wss?://' }), { maxItems: 1_024, default: [] }),
    /** Address listened on. Anything but loopback must be asked for. */
    host: Type.String({ minLength: 1, maxLength: 255, default: '127.0.0.1' }),
    /** HTTP: the link to plants and brokers below, and health. 0 takes any free port. */
    httpPort: Type.Integer({ minimum: 0, maximum: 65_535, default: 7790 }),
    /**
     * How long a plant that left, or any plant after the start, is expected to come: so long the broker does not say
     * that there is none.
     */
    plantReturnMs: Type.Integer({ minimum: 0, maximum: 600_000, default: 20_000 }),
    ...SECURITY_CONFIG,
    /** Requests per minute and client address at the HTTP door; links are not counted. */
    requestsPerMinute: Type.Integer({ minimum: 1, default: 6_000 }),
    /** How far the daemon's heap may grow, in MiB; a limit that Node was started with goes before. */
    heapMiB: heapMiBField(HEAP_MIB.vmbroker),
    logLevel: Type.Union(
      LOG_LEVELS.map((level) => Type.Literal(level)),
      { default: 'info' },
    ),
  },
  { additionalProperties: false },
);
export type BrokerConfig = Static<typeof BrokerConfig>;
