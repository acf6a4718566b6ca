/** Images that would have saved the most time, judged by the requests that plants remember. */
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
    /** The actions that the image would have run, in this order. */
    actions: Type.Array(Type.Object({ id: Type.String(), digest: Type.String(), kind: Type.String() }, closed)),
    /** Recorded requests that it would have made faster. */
    requests: Count,
    /** Expected seconds that it would have saved them, in addition to the suggestions before it. */
    savedSeconds: Type.Number({ minimum: 0 }),
    /** Its expected size on disk. */
    bytes: Count,
    /** Whether the plant still has the text of the actions, so that it can build the image itself. */
    buildable: Type.Boolean(),
  },
  closed,
);
export type ImageSuggestion = Static<typeof ImageSuggestion>;

/** The result of planning the recorded requests again. */
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
    /** Recorded requests that were planned again. */
    requests: Count,
    suggestions: Type.Array(ImageSuggestion),
    /** With the existing images, and with the suggested ones added. */
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
