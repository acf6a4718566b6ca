/** Images that would have saved the most, judged by the requests that plants remember. */
import { type Static, Type } from 'typebox';
import { LineName, MachineSpec } from './machine.ts';
import { PlantId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });

/** How many images are suggested by each plant. */
export const SuggestionCount = Type.Integer({ minimum: 1, maximum: 50 });

export const SuggestImagesRequest = Type.Object(
  { top: Type.Optional(SuggestionCount), plantId: Type.Optional(PlantId) },
  closed,
);
export type SuggestImagesRequest = Static<typeof SuggestImagesRequest>;

export const ImageSuggestion = Type.Object(
  {
    machine: MachineSpec,
    line: LineName,
    /** What the image would have run, in this order. */
    actions: Type.Array(Type.Object({ id: Type.String(), digest: Type.String(), kind: Type.String() }, closed)),
    /** Recorded requests that it would have served sooner. */
    requests: Count,
    /** Expected seconds that it would have saved of them, beyond those that the suggestions before it save. */
    savedSeconds: Type.Number({ minimum: 0 }),
    /** What it is expected to take on the disk. */
    bytes: Count,
    /** Whether the plant still has the text of the actions, so that it can build the image itself. */
    buildable: Type.Boolean(),
  },
  closed,
);
export type ImageSuggestion = Static<typeof ImageSuggestion>;

/** The recorded requests carried out again on paper. */
export const ReplayReply = Type.Object(
  {
    /** Requests whose image would have spared them at least one action. */
    hits: Count,
    /** Expected seconds from the start of a machine until it is ready. */
    meanSeconds: Type.Number({ minimum: 0 }),
  },
  closed,
);
export type ReplayReply = Static<typeof ReplayReply>;

export const PlantSuggestions = Type.Object(
  {
    plantId: PlantId,
    /** Recorded requests that were looked at. */
    requests: Count,
    suggestions: Type.Array(ImageSuggestion),
    /** With the images there are, and with those suggested. */
    before: ReplayReply,
    after: ReplayReply,
  },
  closed,
);
export type PlantSuggestions = Static<typeof PlantSuggestions>;

export const SuggestImagesReply = Type.Object(
  { plants: Type.Array(PlantSuggestions), silentPlants: Type.Array(PlantId) },
  closed,
);
export type SuggestImagesReply = Static<typeof SuggestImagesReply>;
