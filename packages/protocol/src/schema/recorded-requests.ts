/**
 * Requests that a plant has carried out, exported for replay: the form of each DAG, which actions are equal, and all
 * durations. They contain no id, name or text that a client chose; pseudonyms stand for digests (see `pseudonym.ts`).
 */
import { type Static, Type } from 'typebox';
import { LineName, MachineSpec } from './machine.ts';

const closed = { additionalProperties: false } as const;
const Milliseconds = Type.Number({ minimum: 0 });
const Place = Type.Integer({ minimum: 0 });
const Pseudonym = Type.String({ pattern: '^[0-9a-f]{32}$' });

/**
 * Key of the pseudonyms of one export. Equal digests have equal pseudonyms within an export, but not across exports.
 */
export const PseudonymKey = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const ReplayableAction = Type.Object(
  {
    /** Position in the request, such as `a1`. */
    id: Type.String({ pattern: '^a[0-9]{1,6}$' }),
    digest: Pseudonym,
    kind: Type.Union([Type.Literal('script'), Type.Literal('file'), Type.Literal('package'), Type.Literal('host')]),
    /** Measured; left out when the image stood for the action, or when it failed. */
    seconds: Type.Optional(Type.Number({ minimum: 0 })),
  },
  closed,
);

export const ReplayableRequest = Type.Object(
  {
    /** Milliseconds since the epoch; in an export, since its first request. */
    at: Milliseconds,
    machine: MachineSpec,
    actions: Type.Array(ReplayableAction),
    /** Pairs of positions in `actions`, from 0. */
    edges: Type.Array(Type.Object({ from: Place, to: Place }, closed)),
    /** A pseudonym. */
    imageId: Pseudonym,
    line: LineName,
    start: Type.Union([Type.Literal('boot'), Type.Literal('restore')]),
    /** Phases of the start of the machine only. */
    phasesMs: Type.Partial(Type.Object({ boot: Milliseconds, restore: Milliseconds, agent: Milliseconds }, closed)),
  },
  closed,
);
export type ReplayableRequest = Static<typeof ReplayableRequest>;

/** The properties of an image that a replay needs. */
export const ReplayableImage = Type.Object(
  {
    imageId: Pseudonym,
    machine: Type.Pick(MachineSpec, ['os', 'memoryMiB', 'diskMiB']),
    suspended: Type.Boolean(),
    history: Type.Array(Type.Object({ digest: Pseudonym }, closed)),
  },
  closed,
);
export type ReplayableImage = Static<typeof ReplayableImage>;

/** Written by `vmgrid requests export` and read by `vmgrid simulate --replay`. */
export const RequestExport = Type.Object(
  {
    /** The oldest first. */
    requests: Type.Array(ReplayableRequest),
    images: Type.Array(ReplayableImage),
    /** Plants whose requests are missing because they did not answer. */
    silentPlants: Type.Array(Type.String()),
  },
  closed,
);
export type RequestExport = Static<typeof RequestExport>;
