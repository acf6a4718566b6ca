/** Explains why a plant would make a machine from one image and not from another. */
import { ActionId } from '@vmgrid/dag';
import { type Static, Type } from 'typebox';
import { LineName, MachineSpec } from './machine.ts';
import { ImageId, PlantId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Seconds = Type.Number({ minimum: 0 });
const Start = Type.Union([Type.Literal('restore'), Type.Literal('boot')]);

/** How many candidates and misses a plant names. */
export const ExplanationCount = Type.Integer({ minimum: 1, maximum: 1_000 });

/** A change of the request after which an image would pass at least one more test. */
export const RequestChange = Type.Union([
  /** The image ran an action that the request lacks, or has once less. `action` is its name in the image's history. */
  Type.Object({ kind: Type.Literal('add-action'), action: ActionId, digest: Type.String() }, closed),
  Type.Object({ kind: Type.Literal('drop-action'), action: ActionId }, closed),
  Type.Object({ kind: Type.Literal('remove-edge'), from: ActionId, to: ActionId }, closed),
  /** `at-least`: this value or a greater one. */
  Type.Object(
    {
      kind: Type.Literal('set-machine'),
      field: Type.KeyOf(MachineSpec),
      relation: Type.Union([Type.Literal('equal'), Type.Literal('at-least')]),
      value: Type.Union([Type.String(), Type.Integer()]),
    },
    closed,
  ),
]);
export type RequestChange = Static<typeof RequestChange>;

/** One way to start an image, and the expected total time with it. */
export const ExplainedStart = Type.Object(
  { line: LineName, start: Start, startSeconds: Seconds, expectedSeconds: Seconds },
  closed,
);
export type ExplainedStart = Static<typeof ExplainedStart>;

/** An image that passed all tests. */
export const ExplainedCandidate = Type.Object(
  {
    imageId: ImageId,
    actionsCached: Count,
    actionsLeft: Count,
    /** The fastest first. */
    starts: Type.Array(ExplainedStart),
    /** Why it can only be booted, not restored, and the changes after which it could be restored. */
    whyNotRestore: Type.Optional(Type.String()),
    toRestore: Type.Optional(Type.Array(RequestChange)),
    /** Why it can only be restored: what a boot would lose. */
    whyNotBoot: Type.Optional(Type.String()),
  },
  closed,
);
export type ExplainedCandidate = Static<typeof ExplainedCandidate>;

/** The plan that would be carried out. */
export const ExplainedChoice = Type.Object(
  {
    imageId: ImageId,
    line: LineName,
    start: Start,
    startSeconds: Seconds,
    expectedSeconds: Seconds,
    /**
     * Ids of the request's actions: those that the image has, in the order in which they ran, and those to run, in
     * their order.
     */
    cached: Type.Array(ActionId),
    remaining: Type.Array(ActionId),
    why: Type.String(),
  },
  closed,
);
export type ExplainedChoice = Static<typeof ExplainedChoice>;

export const MatchTest = Type.Union([
  Type.Literal('machine'),
  Type.Literal('subset'),
  Type.Literal('prefix'),
  Type.Literal('partial-order'),
  Type.Literal('freshness'),
]);
export type MatchTest = Static<typeof MatchTest>;

/** An image that failed a test. */
export const ExplainedMiss = Type.Object(
  {
    imageId: ImageId,
    /** The first test that failed, and the reason in words. */
    test: MatchTest,
    reason: Type.String(),
    /**
     * The entry of the history at which it failed, by its name in the image, and the action of the request that the
     * history lacks.
     */
    offender: Type.Optional(
      Type.Object(
        { action: ActionId, digest: Type.String(), position: Count, missing: Type.Optional(ActionId) },
        closed,
      ),
    ),
    /** Actions of its history that the request has, and the expected total time if the image matched with them. */
    actionsShared: Count,
    expectedSeconds: Seconds,
    changes: Type.Array(RequestChange),
    /**
     * Whether the image would match after these changes. If not, it needs more changes, or a change that no request can
     * make.
     */
    suffices: Type.Boolean(),
  },
  closed,
);
export type ExplainedMiss = Static<typeof ExplainedMiss>;

export const PlantExplanation = Type.Object(
  {
    plantId: PlantId,
    /** Images of the warehouse; each is a candidate or a miss. */
    images: Count,
    /** Actions that run for each machine, so that no image may stand for them. */
    perMachine: Type.Array(ActionId),
    /** Actions that an image may hold, although they seem to read what differs from machine to machine. */
    warnings: Type.Array(Type.Object({ action: ActionId, reads: Type.String() }, closed)),
    /** Absent when no image is a candidate. */
    chosen: Type.Optional(ExplainedChoice),
    candidates: Type.Object({ count: Count, nearest: Type.Array(ExplainedCandidate) }, closed),
    misses: Type.Object(
      {
        counts: Type.Array(Type.Object({ test: MatchTest, count: Count }, closed)),
        nearest: Type.Array(ExplainedMiss),
      },
      closed,
    ),
  },
  closed,
);
export type PlantExplanation = Static<typeof PlantExplanation>;

export const ExplainReply = Type.Object(
  { plants: Type.Array(PlantExplanation), silentPlants: Type.Array(PlantId) },
  closed,
);
export type ExplainReply = Static<typeof ExplainReply>;
