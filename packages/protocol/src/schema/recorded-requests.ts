/**
 * Requests that a plant has carried out, as they are given away to be replayed: the form of each DAG, which actions are
 * the same, and what everything took. No id, name or text that a client chose; pseudonyms stand for digests (see
 * `pseudonym.ts`).
 */
import { type Static, Type } from 'typebox';
import { LineName, MachineSpec } from './machine.ts';

const closed = { additionalProperties: false } as const;
const Milliseconds = Type.Number({ minimum: 0 });
const Place = Type.Integer({ minimum: 0 });
const Pseudonym = Type.String({ pattern: '^[0-9a-f]{32}$' });

/** Key of the pseudonyms of one export: they are the same throughout it and nowhere else. */
export const PseudonymKey = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const ReplayableAction = Type.Object(
  {
    /** Its place in the request, such as `a1`. */
    id: Type.String({ pattern: '^a[0-9]{1,6}$' }),
    digest: Pseudonym,
    kind: Type.Union([Type.Literal('script'), Type.Literal('file'), Type.Literal('package'), Type.Literal('host')]),
    /** Measured; left out when the image stood for the action or it failed. */
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
    /** Between places in `actions`, from 0. */
    edges: Type.Array(Type.Object({ from: Place, to: Place }, closed)),
    /** A pseudonym. */
    imageId: Pseudonym,
    line: LineName,
    start: Type.Union([Type.Literal('boot'), Type.Literal('restore')]),
    /** Of the start of the machine only. */
    phasesMs: Type.Partial(Type.Object({ boot: Milliseconds, restore: Milliseconds, agent: Milliseconds }, closed)),
  },
  closed,
);
export type ReplayableRequest = Static<typeof ReplayableRequest>;

/** An image, as far as it matters to a replay. */
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

/** What `vmgrid requests export` writes and `vmgrid simulate --replay` reads. */
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
