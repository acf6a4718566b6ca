/** Schemas of everything that crosses a link. The receiver checks them. */

import { type TObject, type TSchema, Type } from 'typebox';
import { BROKER_LIMITS } from '../limits.ts';
import { Bid, Decline } from '../schema/bids.ts';
import { Caller } from '../schema/caller.ts';
import { EqualityReport } from '../schema/equality.ts';
import { ExplanationCount, PlantExplanation } from '../schema/explanations.ts';
import { FilePiece, FileProgress } from '../schema/files.ts';
import {
  BuildImageReply,
  CollectedWarehouse,
  CollectImagesRequest,
  ImageReply,
  LabelImageRequest,
  VerifiedImage,
  VerifyImagesRequest,
} from '../schema/images.ts';
import { BrokerBids, CallTerms } from '../schema/link/broker-bids.ts';
import { ImageSetReply, ImageSetRequest, OfferEvent } from '../schema/link/standing-offer.ts';
import { VmsEvents } from '../schema/link/told-vms.ts';
import { PseudonymKey, ReplayableRequest } from '../schema/recorded-requests.ts';
import { ClassAdJson, PlantReply, ProgressEvent } from '../schema/replies.ts';
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
  RenewRequest,
  RequestId,
  ResumeRequest,
  StartRequest,
  SuspendRequest,
} from '../schema/requests.ts';
import { PlantSuggestions, SuggestionCount } from '../schema/suggestions.ts';
import type { BidderEvents, LinkApi, LongMethod, PlantMethod } from './bidder.ts';

const closed = { additionalProperties: false } as const;
const Nothing = Type.Object({}, closed);

const called = ({ properties }: TObject): TObject =>
  Type.Object({ ...properties, caller: Type.Optional(Caller) }, closed);
const identified = ({ properties }: TObject): TObject => called(Type.Object({ ...properties, requestId: RequestId }));

interface MethodSchemas {
  readonly request: TSchema;
  readonly reply: TSchema;
}

const DeadlineMs = Type.Number({ exclusiveMinimum: 0 });
const Path = Type.Array(PlantId, { maxItems: BROKER_LIMITS.hops });

const LONG: { readonly [M in LongMethod]: true } = {
  ...{ create: true, configure: true, destroy: true, suspend: true, resume: true, start: true, renew: true },
  ...{ buildImage: true, verifyImages: true, verifyEqual: true, collectImages: true },
};
const LongMethodName = Type.Union((Object.keys(LONG) as LongMethod[]).map((name) => Type.Literal(name)));

export const BIDDER_SCHEMAS: { readonly [M in PlantMethod]: MethodSchemas } = {
  estimate: {
    request: identified(Type.Object({ ...EstimateRequest.properties, terms: Type.Optional(CallTerms) })),
    reply: Type.Union([Bid, Decline, BrokerBids]),
  },
  explain: {
    request: Type.Object(
      { machine: CreateRequest.properties.machine, dag: CreateRequest.properties.dag, top: ExplanationCount },
      closed,
    ),
    reply: PlantExplanation,
  },
  create: { request: identified(CreateRequest), reply: ClassAdJson },
  configure: { request: identified(ConfigureRequest), reply: ClassAdJson },
  query: { request: called(QueryRequest), reply: ClassAdJson },
  list: { request: called(ListRequest), reply: Type.Array(ClassAdJson) },
  destroy: { request: identified(DestroyRequest), reply: ClassAdJson },
  suspend: { request: identified(SuspendRequest), reply: ClassAdJson },
  resume: { request: identified(ResumeRequest), reply: ClassAdJson },
  start: { request: identified(StartRequest), reply: ClassAdJson },
  renew: { request: identified(RenewRequest), reply: ClassAdJson },
  cancel: {
    request: called(Type.Object({ requestId: RequestId, method: LongMethodName })),
    reply: Nothing,
  },
  putFile: { request: FilePiece, reply: FileProgress },
  listImages: { request: Nothing, reply: Type.Array(ImageReply) },
  buildImage: { request: identified(BuildImageRequest), reply: BuildImageReply },
  removeImage: { request: Type.Object({ imageId: ImageId }, closed), reply: Nothing },
  labelImage: {
    request: Type.Object({ ...LabelImageRequest.properties, imageId: ImageId }, closed),
    reply: ImageReply,
  },
  verifyEqual: { request: identified(BuildImageRequest), reply: EqualityReport },
  verifyImages: { request: identified(VerifyImagesRequest), reply: Type.Array(VerifiedImage) },
  collectImages: { request: identified(CollectImagesRequest), reply: CollectedWarehouse },
  suggestImages: { request: Type.Object({ top: Type.Optional(SuggestionCount) }, closed), reply: PlantSuggestions },
  recordedRequests: {
    request: Type.Object({ pseudonymKey: PseudonymKey }, closed),
    reply: Type.Array(ReplayableRequest),
  },
  imageSet: { request: ImageSetRequest, reply: ImageSetReply },
};

const MethodName = Type.Union((Object.keys(BIDDER_SCHEMAS) as PlantMethod[]).map((name) => Type.Literal(name)));

export const METHOD_SCHEMAS: { readonly [M in keyof LinkApi]: MethodSchemas } = {
  ...BIDDER_SCHEMAS,
  relay: {
    request: Type.Object(
      { plantId: PlantId, method: MethodName, request: Type.Unknown(), deadlineMs: DeadlineMs, path: Path },
      closed,
    ),
    reply: Type.Unknown(),
  },
  gather: {
    request: Type.Object(
      {
        method: MethodName,
        request: Type.Unknown(),
        until: Type.Union([Type.Literal('all'), Type.Literal('first')]),
        deadlineMs: DeadlineMs,
        path: Path,
      },
      closed,
    ),
    reply: Type.Object(
      {
        answers: Type.Array(Type.Object({ plantId: PlantId, value: Type.Unknown() }, closed)),
        failures: Type.Array(Type.Object({ plantId: PlantId, code: Type.String(), message: Type.String() }, closed)),
      },
      closed,
    ),
  },
  listPlants: {
    request: Type.Object({ deadlineMs: DeadlineMs, path: Path }, closed),
    reply: Type.Array(PlantReply),
  },
};

const Members = Type.Object(
  {
    joined: Type.Array(
      Type.Object({ plantId: PlantId, version: Type.String({ minLength: 1, maxLength: 64 }), via: Path }, closed),
      { maxItems: BROKER_LIMITS.membersPerMessage },
    ),
    left: Type.Array(Type.Object({ plantId: PlantId, reason: Type.String() }, closed), {
      maxItems: BROKER_LIMITS.membersPerMessage,
    }),
  },
  closed,
);

export const EVENT_SCHEMAS: { readonly [E in keyof BidderEvents]: TSchema } = {
  ad: ClassAdJson,
  progress: ProgressEvent,
  members: Members,
  vms: VmsEvents,
  offer: OfferEvent,
};

/** Method of a bidder's first call. */
export const HELLO = 'hello';

export const HelloSchema = Type.Object(
  {
    plantId: PlantId,
    version: Type.String({ minLength: 1, maxLength: 64 }),
    ad: ClassAdJson,
    role: Type.Optional(Type.Literal('broker')),
    processId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  closed,
);
export const HelloReply = Nothing;

/** Method by which the upper end tells a bidder that another with the same id was refused. */
export const RIVAL = 'rival';

export const isLinkMethod = (method: string): method is keyof LinkApi => Object.hasOwn(METHOD_SCHEMAS, method);

export const isBidderEvent = (event: string): event is keyof BidderEvents => Object.hasOwn(EVENT_SCHEMAS, event);
