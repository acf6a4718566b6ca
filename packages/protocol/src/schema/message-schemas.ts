import type { TSchema } from 'typebox';
import { AuditReply } from './audit.ts';
import { EqualityReply } from './equality.ts';
import { ExplainReply } from './explanations.ts';
import {
  BuildImageReply,
  CollectImagesReply,
  CollectImagesRequest,
  ImageDiffReply,
  ImageListReply,
  ImageReply,
  LabelImageRequest,
  VerifyImagesReply,
  VerifyImagesRequest,
} from './images.ts';
import { MemoryReply } from './memory.ts';
import { RequestExport } from './recorded-requests.ts';
import {
  AuctionListReply,
  ErrorReply,
  EstimateReply,
  ListReply,
  OperationReply,
  PlantEvent,
  PlantListReply,
  ProgressEvent,
  VmEvent,
  VmReply,
} from './replies.ts';
import {
  BuildImageRequest,
  ConfigureRequest,
  CreateDocument,
  DestroyRequest,
  ListRequest,
  QueryRequest,
  RenewRequest,
  ResumeRequest,
  StartRequest,
  SuspendRequest,
} from './requests.ts';
import { SuggestImagesReply } from './suggestions.ts';
import { Trail } from './trail.ts';

/** A schema that is published as a file of `schemas/`. */
export interface SchemaFile {
  /** File name without `.json`. */
  readonly name: string;
  readonly title: string;
  readonly schema: TSchema;
}

/** Every message that a client sends or receives. */
export const MESSAGE_SCHEMAS: readonly SchemaFile[] = [
  { name: 'create-request', title: 'A request to make a machine', schema: CreateDocument },
  { name: 'estimate-request', title: 'A request for the price of a machine', schema: CreateDocument },
  { name: 'configure-request', title: 'More configuration of a living VM', schema: ConfigureRequest },
  { name: 'query-request', title: 'Attributes of one VM', schema: QueryRequest },
  { name: 'list-request', title: 'The VMs that meet a constraint', schema: ListRequest },
  { name: 'destroy-request', title: 'A request to destroy a VM', schema: DestroyRequest },
  { name: 'suspend-request', title: 'A request to suspend a VM', schema: SuspendRequest },
  { name: 'resume-request', title: 'A request to resume a VM', schema: ResumeRequest },
  { name: 'start-request', title: 'A request to start a VM', schema: StartRequest },
  { name: 'renew-request', title: 'A request to renew the lease of a VM', schema: RenewRequest },
  { name: 'build-image-request', title: 'A request to build a golden image', schema: BuildImageRequest },
  { name: 'vm-reply', title: 'A VM, as its classad', schema: VmReply },
  { name: 'list-reply', title: 'VMs, as their classads', schema: ListReply },
  { name: 'estimate-reply', title: 'What plants would charge, and why', schema: EstimateReply },
  { name: 'explain-reply', title: 'The plan of each plant for a machine, with the reasons', schema: ExplainReply },
  { name: 'operation-reply', title: 'A request that is, or was, in progress', schema: OperationReply },
  { name: 'progress-event', title: 'One step of long work', schema: ProgressEvent },
  { name: 'vm-event', title: 'What happened to a VM', schema: VmEvent },
  { name: 'image-reply', title: 'A golden image', schema: ImageReply },
  { name: 'image-list-reply', title: 'The golden images of every plant', schema: ImageListReply },
  { name: 'build-image-reply', title: 'The golden image that was made or found', schema: BuildImageReply },
  { name: 'label-image-request', title: 'Pin and tags of a golden image', schema: LabelImageRequest },
  { name: 'image-diff-reply', title: 'What changes from one golden image to another', schema: ImageDiffReply },
  { name: 'verify-images-request', title: 'A request to verify golden images', schema: VerifyImagesRequest },
  { name: 'equality-reply', title: 'Whether guests are equal however they are made', schema: EqualityReply },
  { name: 'verify-images-reply', title: 'The faults of golden images', schema: VerifyImagesReply },
  { name: 'collect-images-request', title: 'A request to collect golden images', schema: CollectImagesRequest },
  {
    name: 'collect-images-reply',
    title: 'Golden images that were, or would be, removed, with the reasons',
    schema: CollectImagesReply,
  },
  { name: 'suggest-images-reply', title: 'Images that would have saved most', schema: SuggestImagesReply },
  { name: 'request-export', title: 'Requests that plants carried out, for replay', schema: RequestExport },
  { name: 'plant-list-reply', title: 'The plants connected to a shop', schema: PlantListReply },
  { name: 'plant-event', title: 'A plant that joined or left', schema: PlantEvent },
  { name: 'auction-list-reply', title: 'Past auctions of a shop', schema: AuctionListReply },
  { name: 'audit-reply', title: 'Who did what, when, with which outcome', schema: AuditReply },
  { name: 'memory-reply', title: 'The use of memory by a daemon', schema: MemoryReply },
  { name: 'trail', title: 'What an auction decided and why', schema: Trail },
  { name: 'error-reply', title: 'What went wrong, and what to do', schema: ErrorReply },
];
