/**
 * The methods of a link: the side above (shop or broker) calls, the side below (plant or broker) answers. A broker
 * answers them as a plant does and calls them as a shop does.
 */
import type { Offer } from '../schema/bids.ts';
import type { Called } from '../schema/caller.ts';
import type { EqualityReport } from '../schema/equality.ts';
import type { PlantExplanation } from '../schema/explanations.ts';
import type { FilePiece, FileProgress } from '../schema/files.ts';
import type {
  BuildImageReply,
  CollectedWarehouse,
  CollectImagesRequest,
  ImageReply,
  LabelImageRequest,
  VerifiedImage,
  VerifyImagesRequest,
} from '../schema/images.ts';
import type { BrokerBids, CallTerms } from '../schema/link/broker-bids.ts';
import type { ImageSetReply, ImageSetRequest, OfferEvent } from '../schema/link/standing-offer.ts';
import type { VmsEvent } from '../schema/link/told-vms.ts';
import type { ReplayableRequest } from '../schema/recorded-requests.ts';
import type { ClassAdJson, PlantReply, ProgressEvent } from '../schema/replies.ts';
import type {
  BuildImageRequest,
  ConfigureRequest,
  CreateRequest,
  DestroyRequest,
  EstimateRequest,
  ListRequest,
  QueryRequest,
  RenewRequest,
  ResumeRequest,
  StartRequest,
  SuspendRequest,
} from '../schema/requests.ts';
import type { PlantSuggestions, SuggestImagesRequest } from '../schema/suggestions.ts';

/** A request after the shop has given it an id. */
export type Identified<T extends { requestId?: string }> = Called<
  Omit<T, 'requestId'> & { readonly requestId: string }
>;

/** A call for bids; the terms go to brokers only. */
export type Call = Identified<EstimateRequest> & { readonly terms?: CallTerms };

/** The calls of an auction to a bidder. */
export interface BiddingApi {
  estimate(request: Call): Offer | BrokerBids;
  /** Explains the plan; names at most `top` candidates and misses. */
  explain(request: Pick<CreateRequest, 'machine' | 'dag'> & { readonly top: number }): PlantExplanation;
  /**
   * The award. It is sent only to a bidder that is alive. The plant checks admission again; the reply is the classad of
   * the running VM.
   */
  create(request: Identified<CreateRequest>): ClassAdJson;
  /**
   * Returns the images that a standing offer names by their digest. @throws GridError IMAGE_UNKNOWN when the plant has
   * other images by now
   */
  imageSet(request: ImageSetRequest): ImageSetReply;
  /** Returns the requests that the plant remembers, the newest first, with pseudonyms instead of digests. */
  recordedRequests(request: { readonly pseudonymKey: string }): readonly ReplayableRequest[];
}

/** The calls to the plant that has a VM. */
export interface VmApi {
  configure(request: Identified<ConfigureRequest>): ClassAdJson;
  query(request: Called<QueryRequest>): ClassAdJson;
  list(request: Called<ListRequest>): readonly ClassAdJson[];
  /** Replies with the VM's final classad, also when the VM is already destroyed. */
  destroy(request: Identified<DestroyRequest>): ClassAdJson;
  suspend(request: Identified<SuspendRequest>): ClassAdJson;
  resume(request: Identified<ResumeRequest>): ClassAdJson;
  start(request: Identified<StartRequest>): ClassAdJson;
  renew(request: Identified<RenewRequest>): ClassAdJson;
}

/** Methods whose work may take long. */
export type LongMethod = LongVmMethod | 'create' | 'buildImage' | 'verifyImages' | 'verifyEqual' | 'collectImages';

/** Those about one VM that change it. */
export type LongVmMethod = 'configure' | 'destroy' | 'suspend' | 'resume' | 'start' | 'renew';

/** Names work that was asked for before, by its method and request. */
export interface WorkToCancel {
  readonly requestId: string;
  readonly method: LongMethod;
}

/** Calls about a request itself. */
export interface RequestApi {
  /**
   * Ends the work, and replies when it is undone. Of a create also the VM that was made goes, and the request is
   * refused from now on. Idempotent; of work that the plant never had too.
   */
  cancel(work: Called<WorkToCancel>): Record<string, never>;
  /** Brings an uploaded file, piece by piece; tells how much of it is there. */
  putFile(piece: FilePiece): FileProgress;
}

/** The calls to a plant's warehouse. */
export interface ImageApi {
  listImages(request: Record<string, never>): readonly ImageReply[];
  buildImage(request: Identified<BuildImageRequest>): BuildImageReply;
  removeImage(request: { imageId: string }): Record<string, never>;
  labelImage(request: LabelImageRequest & { imageId: string }): ImageReply;
  verifyImages(request: Identified<VerifyImagesRequest>): readonly VerifiedImage[];
  verifyEqual(request: Identified<BuildImageRequest>): EqualityReport;
  collectImages(request: Identified<CollectImagesRequest>): CollectedWarehouse;
  suggestImages(request: Pick<SuggestImagesRequest, 'top'>): PlantSuggestions;
}

/**
 * All methods called from above. Each is idempotent by its request id: a repeated call joins the running one or gets
 * the same answer.
 */
export interface PlantApi extends BiddingApi, VmApi, RequestApi, ImageApi {}

export type PlantMethod = keyof PlantApi;

/** A call for one plant; the broker passes it on. */
export interface RelayedCall {
  readonly plantId: string;
  readonly method: PlantMethod;
  readonly request: unknown;
  readonly deadlineMs: number;
  /** Brokers that the call has passed. It goes to none of them again. */
  readonly path: readonly string[];
}

/** One question to all plants below. */
export interface QuestionToAll {
  readonly method: PlantMethod;
  readonly request: unknown;
  /** Whether one answer is enough. */
  readonly until: 'all' | 'first';
  readonly deadlineMs: number;
  readonly path: readonly string[];
}

/** The answers of the plants to one question. Each plant is in one of the lists, unless the first answer was enough. */
export interface Gathered<T> {
  readonly answers: readonly { readonly plantId: string; readonly value: T }[];
  readonly failures: readonly { readonly plantId: string; readonly code: string; readonly message: string }[];
}

/** The methods that only brokers answer, besides `estimate`. Calls of every other method go to plants, by their id. */
export interface BrokerApi {
  /** Returns the reply of the plant. @throws GridError PLANT_LOST, with `asked: false` when the plant was not asked */
  relay(call: RelayedCall): unknown;
  gather(question: QuestionToAll): Gathered<unknown>;
  listPlants(question: Pick<QuestionToAll, 'deadlineMs' | 'path'>): readonly PlantReply[];
}

export interface LinkApi extends PlantApi, BrokerApi {}

/** A plant somewhere below a broker. */
export interface PlantBelow {
  readonly plantId: string;
  readonly version: string;
  /** Brokers between the sender and the plant. */
  readonly via: readonly string[];
}

/** Plants below a broker that came, went, or are now reached in another way. */
export interface MembersEvent {
  readonly joined: readonly PlantBelow[];
  readonly left: readonly { readonly plantId: string; readonly reason: string }[];
}

/** Notifications from below. */
export interface BidderEvents {
  /** The bidder's own ad has changed. */
  ad: ClassAdJson;
  progress: ProgressEvent;
  /** From a broker: all plants after its hello, then each change. */
  members: MembersEvent;
  /** The VMs of the plants: all of them after a hello, then each change. */
  vms: readonly VmsEvent[];
  /** From a plant: everything that its bids depend on, so that they can be computed above. */
  offer: OfferEvent;
}

/** The first message of a bidder that has dialled up; the reply is empty. */
export interface Hello {
  readonly plantId: string;
  readonly version: string;
  readonly ad: ClassAdJson;
  /** Plants leave it out. */
  readonly role?: 'broker';
  /**
   * Identifies the process that says hello; it changes at each start. So a process that dials again can be
   * distinguished from another with the same id.
   */
  readonly processId?: string;
}
