/**
 * What passes over a link, by method: the side above (shop or broker) calls, the side below (plant or broker) answers.
 * A broker answers these as a plant does and calls them as a shop does.
 */
import type { Offer } from '../schema/bids.ts';
import type { PlantExplanation } from '../schema/explanations.ts';
import type {
  BuildImageReply,
  CollectedWarehouse,
  CollectImagesRequest,
  ImageReply,
  LabelImageRequest,
  VerifiedImage,
  VerifyImagesRequest,
} from '../schema/images.ts';
import type { ClassAdJson, ProgressEvent } from '../schema/replies.ts';
import type {
  BuildImageRequest,
  ConfigureRequest,
  CreateRequest,
  DestroyRequest,
  EstimateRequest,
  ListRequest,
  QueryRequest,
} from '../schema/requests.ts';
import type { PlantSuggestions, SuggestImagesRequest } from '../schema/suggestions.ts';

/** A request after the shop gave it an id. */
export type Identified<T extends { requestId?: string }> = Omit<T, 'requestId'> & { readonly requestId: string };

/** Methods called from above. Each is idempotent by its request id: a repeated call joins or repeats the answer. */
export interface BidderMethods {
  estimate(request: Identified<EstimateRequest>): Offer;
  /** Why the plan is what it is; names at most `top` candidates and misses. */
  explain(request: Pick<CreateRequest, 'machine' | 'dag'> & { readonly top: number }): PlantExplanation;
  /** The award. Admission is checked again; the reply is the classad of the running VM. */
  create(request: Identified<CreateRequest>): ClassAdJson;
  configure(request: Identified<ConfigureRequest>): ClassAdJson;
  query(request: QueryRequest): ClassAdJson;
  list(request: ListRequest): readonly ClassAdJson[];
  /** Replies with the VM's final classad, also when the VM is destroyed already. */
  destroy(request: Identified<DestroyRequest>): ClassAdJson;
  listImages(request: Record<string, never>): readonly ImageReply[];
  buildImage(request: Identified<BuildImageRequest>): BuildImageReply;
  removeImage(request: { imageId: string }): Record<string, never>;
  labelImage(request: LabelImageRequest & { imageId: string }): ImageReply;
  verifyImages(request: Identified<VerifyImagesRequest>): readonly VerifiedImage[];
  collectImages(request: Identified<CollectImagesRequest>): CollectedWarehouse;
  suggestImages(request: Pick<SuggestImagesRequest, 'top'>): PlantSuggestions;
}

/** Notifications from below. */
export interface BidderEvents {
  /** The bidder's own ad has changed. */
  ad: ClassAdJson;
  progress: ProgressEvent;
}

/** First message of a bidder after it dialled up; the call's reply is empty. */
export interface Hello {
  readonly plantId: string;
  readonly version: string;
  readonly ad: ClassAdJson;
}
