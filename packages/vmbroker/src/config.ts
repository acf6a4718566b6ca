/** Configuration of a broker: the schema is the source of the types, of `schemas/` and of the defaults. */
import { SECURITY_CONFIG } from '@vmgrid/access';
import { HEAP_MIB, heapMiBField, LOG_LEVELS } from '@vmgrid/daemon';
import { PlantId } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

export const BrokerConfig = Type.Object(
  {
    brokerId: Type.Unsafe<string>({
      ...PlantId,
      description: 'Name of the broker. No other broker or plant of the grid has it.',
    }),
    upstreams: Type.Array(Type.String({ pattern: '^wss?://' }), {
      minItems: 1,
      maxItems: 16,
      default: ['ws://127.0.0.1:7780/v1/link'],
      description: 'WebSocket addresses of the links of shops and brokers that the broker dials.',
    }),
    plants: Type.Array(Type.String({ pattern: '^wss?://' }), {
      maxItems: 1_024,
      default: [],
      description: 'WebSocket addresses of the links of plants that the broker dials (static binding).',
    }),
    host: Type.String({
      minLength: 1,
      maxLength: 255,
      default: '127.0.0.1',
      description: 'Address that the daemon listens on. Anything but loopback needs `tls`.',
    }),
    httpPort: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 7790,
      description: 'Port of the HTTP endpoint, and of the link to plants and brokers below. 0 takes any free port.',
    }),
    plantReturnMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      default: 20_000,
      description:
        'How long the broker waits for a plant that left, and for any plant after the start. ' +
        'Until then it does not say that there is none.',
    }),
    ...SECURITY_CONFIG,
    requestsPerMinute: Type.Integer({
      minimum: 1,
      default: 6_000,
      description:
        'Requests that one client address may send to the HTTP endpoint; on loopback each token counts by itself.',
    }),
    heapMiB: heapMiBField(HEAP_MIB.vmbroker),
    logLevel: Type.Union(
      LOG_LEVELS.map((level) => Type.Literal(level)),
      { default: 'info', description: 'The least severe messages that are logged.' },
    ),
  },
  { additionalProperties: false },
);
export type BrokerConfig = Static<typeof BrokerConfig>;
