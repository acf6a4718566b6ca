/** Shapes of everything that crosses a link, checked where it arrives. */
import { type TObject, type TSchema, Type } from 'typebox';
import { Offer } from '../schema/bids.ts';
import { ExplanationCount, PlantExplanation } from '../schema/explanations.ts';
import {
  BuildImageReply,
  CollectedWarehouse,
  CollectImagesRequest,
  ImageReply,
  LabelImageRequest,
  VerifiedImage,
  VerifyImagesRequest,
} from '../schema/images.ts';
import { ClassAdJson, ProgressEvent } from '../schema/replies.ts';
import {
  BuildImageRequest,
  ConfigureRequest,
  CreateRequest,
  DestroyRequest,
  EstimateRequest,
  ImageId,
  ListRequest,
  PlantId,
  QueryRequest,
  RequestId,
} from '../schema/requests.ts';
import { PlantSuggestions, SuggestionCount } from '../schema/suggestions.ts';
import type { BidderEvents, BidderMethods } from './bidder.ts';

const closed = { additionalProperties: false } as const;
const Nothing = Type.Object({}, closed);

const identified = ({ properties }: TObject): TSchema => Type.Object({ ...properties, requestId: RequestId }, closed);

interface MethodSchemas {
  readonly request: TSchema;
  readonly reply: TSchema;
}

export const METHOD_SCHEMAS: { readonly [M in keyof BidderMethods]: MethodSchemas } = {
  estimate: { request: identified(EstimateRequest), reply: Offer },
  explain: {
    request: Type.Object(
      { machine: CreateRequest.properties.machine, dag: CreateRequest.properties.dag, top: ExplanationCount },
      closed,
    ),
    reply: PlantExplanation,
  },
  create: { request: identified(CreateRequest), reply: ClassAdJson },
  configure: { request: identified(ConfigureRequest), reply: ClassAdJson },
  query: { request: QueryRequest, reply: ClassAdJson },
  list: { request: ListRequest, reply: Type.Array(ClassAdJson) },
  destroy: { request: identified(DestroyRequest), reply: ClassAdJson },
  listImages: { request: Nothing, reply: Type.Array(ImageReply) },
  buildImage: { request: identified(BuildImageRequest), reply: BuildImageReply },
  removeImage: { request: Type.Object({ imageId: ImageId }, closed), reply: Nothing },
  labelImage: {
    request: Type.Object({ ...LabelImageRequest.properties, imageId: ImageId }, closed),
    reply: ImageReply,
  },
  verifyImages: { request: identified(VerifyImagesRequest), reply: Type.Array(VerifiedImage) },
  collectImages: { request: identified(CollectImagesRequest), reply: CollectedWarehouse },
  suggestImages: { request: Type.Object({ top: Type.Optional(SuggestionCount) }, closed), reply: PlantSuggestions },
};

export const EVENT_SCHEMAS: { readonly [E in keyof BidderEvents]: TSchema } = {
  ad: ClassAdJson,
  progress: ProgressEvent,
};

/** Method of a bidder's first call. */
export const HELLO = 'hello';

export const HelloSchema = Type.Object(
  { plantId: PlantId, version: Type.String({ minLength: 1, maxLength: 64 }), ad: ClassAdJson },
  closed,
);
export const HelloReply = Nothing;

export const isBidderMethod = (method: string): method is keyof BidderMethods => Object.hasOwn(METHOD_SCHEMAS, method);

export const isBidderEvent = (event: string): event is keyof BidderEvents => Object.hasOwn(EVENT_SCHEMAS, event);
