/**
 * Whether the guests of one DAG are equal however they are made: cold, restored or booted from an image, on each line.
 */
import { ActionId } from '@vmgrid/dag';
import { type Static, Type } from 'typebox';
import { LineName } from './machine.ts';
import { PlantId, RequestId } from './requests.ts';

const closed = { additionalProperties: false } as const;

/** The findings of one plant. */
export const EqualityReport = Type.Object(
  {
    plantId: PlantId,
    /** Actions that run for each machine; the comparison leaves them out. */
    leftOut: Type.Array(ActionId),
    ways: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          line: LineName,
          start: Type.Union([Type.Literal('restore'), Type.Literal('boot')]),
          /** Actions that the image stood for. */
          cached: Type.Integer({ minimum: 0 }),
        },
        closed,
      ),
    ),
    /** The effects of actions that a boot would lose, a line of words each: images that have them are not booted. */
    lost: Type.Array(Type.Object({ actionId: ActionId, items: Type.Array(Type.String()) }, closed)),
    /** Items that this guest has and the one made cold on its line has not, and the reverse. */
    differences: Type.Array(
      Type.Object(
        {
          way: Type.String(),
          item: Type.String(),
          cold: Type.Optional(Type.String()),
          other: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type EqualityReport = Static<typeof EqualityReport>;

export const EqualityReply = Type.Object(
  { requestId: Type.Optional(RequestId), plants: Type.Array(EqualityReport), silentPlants: Type.Array(PlantId) },
  closed,
);
export type EqualityReply = Static<typeof EqualityReply>;
