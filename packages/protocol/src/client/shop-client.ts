/** A client of a shop, over HTTP and JSON. */

import { type Static, type TSchema, Type } from 'typebox';
import { type AuditQuery, AuditReply } from '../schema/audit.ts';
import { ExplainReply } from '../schema/explanations.ts';
import {
  BuildImageReply,
  type CollectImagesRequest,
  ImageDiffReply,
  ImageListReply,
  ImageReply,
  type LabelImageRequest,
  type VerifyImagesRequest,
} from '../schema/images.ts';
import { MemoryReply } from '../schema/memory.ts';
import { ReplayableRequest } from '../schema/recorded-requests.ts';
import {
  AuctionListReply,
  EstimateReply,
  ListReply,
  OperationReply,
  PlantEvent,
  PlantListReply,
  ProgressEvent,
  VmReply,
} from '../schema/replies.ts';
import type {
  BuildImageRequest,
  ConfigureRequest,
  CreateRequest,
  EstimateRequest,
  ListRequest,
  QueryRequest,
} from '../schema/requests.ts';
import { SuggestImagesReply, type SuggestImagesRequest } from '../schema/suggestions.ts';
import { Trail } from '../schema/trail.ts';
import { validate } from '../schema/validation/validator.ts';
import { type ClientCallOptions, type ConnectionOptions, HttpExchange, parsedOrUndefined } from './http-exchange.ts';
import { listPages } from './list-pages.ts';
import { queryOf } from './query-of.ts';
import { decodeServerSentEvents } from './server-sent-events.ts';

export interface WorkOptions extends ClientCallOptions {
  /** The same key twice means the same work, done once. It takes the place of the request's own `requestId`. */
  readonly idempotencyKey?: string;
}

/** A request that the shop has accepted and still works on. */
export interface Submitted {
  readonly requestId: string;
}

const JSON_TYPE = { 'content-type': 'application/json' } as const;
const Accepted = Type.Object({ requestId: OperationReply.properties.requestId });

interface Posted {
  readonly path: string;
  readonly request: object;
}

/**
 * Every method throws GridError: the error that the shop answered, SHOP_UNREACHABLE, DEADLINE_EXCEEDED, CANCELLED (by
 * the signal), or LINK_PROTOCOL when the other end does not speak vmgrid.
 */
export class ShopClient {
  readonly #http: HttpExchange;

  /** `url` of the shop, such as `http://127.0.0.1:7780`. */
  constructor(url: string, options: ConnectionOptions = {}) {
    this.#http = new HttpExchange(url, options);
  }

  create(request: CreateRequest, options?: WorkOptions): Promise<VmReply> {
    return this.#post({ path: '/v1/vms', request }, VmReply, options);
  }

  /** Submits the work and returns at once; follow it with `events` and `operation`. */
  submitCreate(request: CreateRequest, options?: WorkOptions): Promise<Submitted> {
    return this.#submit('/v1/vms', request, options);
  }

  /** Holds the auction without an award. */
  estimate(request: EstimateRequest, options?: WorkOptions): Promise<EstimateReply> {
    return this.#post({ path: '/v1/estimates', request }, EstimateReply, options);
  }

  /** Explains each plant's plan for the machine; names at most `top` candidates and misses for each. */
  explain(request: CreateRequest, top = 5, options?: ClientCallOptions): Promise<ExplainReply> {
    return this.#post({ path: `/v1/explanations${queryOf({ top })}`, request }, ExplainReply, options);
  }

  query({ vmId, attributes }: QueryRequest, options?: ClientCallOptions): Promise<VmReply> {
    const query = queryOf({ attributes: attributes?.join(',') });
    return this.#http.json({ method: 'GET', path: `${vmPath(vmId)}${query}` }, VmReply, options);
  }

  /** Lists all VMs, page by page; with a limit or a cursor only that page. */
  list(wanted: ListRequest = {}, options?: ClientCallOptions): Promise<ListReply> {
    return listPages(this.#http, { path: '/v1/vms', member: 'vms', reply: ListReply }, { wanted, options });
  }

  configure({ vmId, ...request }: ConfigureRequest, options?: WorkOptions): Promise<VmReply> {
    return this.#post({ path: `${vmPath(vmId)}/configure`, request }, VmReply, options);
  }

  /** Destroys a VM. Returns its final classad, also when it is destroyed already. */
  destroy(vmId: string, options?: WorkOptions): Promise<VmReply> {
    return this.#http.json({ method: 'DELETE', path: vmPath(vmId), headers: workHeaders(options) }, VmReply, options);
  }

  suspend(vmId: string, options?: WorkOptions): Promise<VmReply> {
    return this.#post({ path: `${vmPath(vmId)}/suspend`, request: {} }, VmReply, options);
  }

  resume(vmId: string, options?: WorkOptions): Promise<VmReply> {
    return this.#post({ path: `${vmPath(vmId)}/resume`, request: {} }, VmReply, options);
  }

  start(vmId: string, options?: WorkOptions): Promise<VmReply> {
    return this.#post({ path: `${vmPath(vmId)}/start`, request: {} }, VmReply, options);
  }

  /** `lease`: ISO 8601 duration, from now. A lease that ends later than that stays, unless `shorten` is true. */
  renew(vmId: string, lease: string, options: WorkOptions & { readonly shorten?: boolean } = {}): Promise<VmReply> {
    const { shorten, ...work } = options;
    return this.#post(
      { path: `${vmPath(vmId)}/renew`, request: { lease, ...(shorten && { shorten }) } },
      VmReply,
      work,
    );
  }

  plants(options?: ClientCallOptions): Promise<PlantListReply> {
    return listPages(this.#http, { path: '/v1/plants', member: 'plants', reply: PlantListReply }, { options });
  }

  /**
   * Lists past auctions, the newest first; only those of one request when it is named. All of them, or with a limit the
   * first page.
   */
  auctions(
    { requestId, limit }: { readonly requestId?: string; readonly limit?: number } = {},
    options?: ClientCallOptions,
  ): Promise<AuctionListReply> {
    const wanted = { request: requestId, limit };
    return listPages(
      this.#http,
      { path: '/v1/auctions', member: 'auctions', reply: AuctionListReply },
      { wanted, options },
    );
  }

  /** Returns everything that a past auction decided, and why. */
  auction(auctionId: string, options?: ClientCallOptions): Promise<Trail> {
    return this.#http.json({ method: 'GET', path: `/v1/auctions/${encodeURIComponent(auctionId)}` }, Trail, options);
  }

  /** Lists who did what at the daemons of the shop's machine, the newest first. */
  audit(query: Partial<AuditQuery> = {}, options?: ClientCallOptions): Promise<AuditReply> {
    return this.#http.json({ method: 'GET', path: `/v1/audit${queryOf(query)}` }, AuditReply, options);
  }

  /** Returns the daemon's use of memory. */
  memory(options?: ClientCallOptions): Promise<MemoryReply> {
    return this.#http.json({ method: 'GET', path: '/v1/memory' }, MemoryReply, options);
  }

  images(options?: ClientCallOptions): Promise<ImageListReply> {
    return listPages(this.#http, { path: '/v1/images', member: 'images', reply: ImageListReply }, { options });
  }

  image(imageId: string, options?: ClientCallOptions): Promise<ImageReply> {
    return this.#http.json({ method: 'GET', path: imagePath(imageId) }, ImageReply, options);
  }

  buildImage(request: BuildImageRequest, options?: WorkOptions): Promise<BuildImageReply> {
    return this.#post({ path: '/v1/images', request }, BuildImageReply, options);
  }

  submitBuildImage(request: BuildImageRequest, options?: WorkOptions): Promise<Submitted> {
    return this.#submit('/v1/images', request, options);
  }

  async removeImage(imageId: string, options?: ClientCallOptions): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: imagePath(imageId) }, options);
  }

  /** Pins, unpins, tags and untags an image. */
  labelImage(imageId: string, labels: LabelImageRequest, options?: ClientCallOptions): Promise<ImageReply> {
    const request = {
      method: 'PATCH',
      path: imagePath(imageId),
      headers: JSON_TYPE,
      body: JSON.stringify(labels),
    } as const;
    return this.#http.json(request, ImageReply, options);
  }

  /** Returns the differences between two images. */
  diffImages(from: string, to: string, options?: ClientCallOptions): Promise<ImageDiffReply> {
    const path = `${imagePath(from)}/diff/${encodeURIComponent(to)}`;
    return this.#http.json({ method: 'GET', path }, ImageDiffReply, options);
  }

  /** The operation's result is a VerifyImagesReply. */
  submitVerifyImages(request: VerifyImagesRequest, options?: WorkOptions): Promise<Submitted> {
    return this.#submit('/v1/images/verify', request, options);
  }

  /** The operation's result is an EqualityReply. */
  submitVerifyEqual(request: BuildImageRequest, options?: WorkOptions): Promise<Submitted> {
    return this.#submit('/v1/images/equality', request, options);
  }

  /** The operation's result is a CollectImagesReply. */
  submitCollectImages(request: CollectImagesRequest, options?: WorkOptions): Promise<Submitted> {
    return this.#submit('/v1/images/collect', request, options);
  }

  /** Suggests the images that would have saved the most time, by plant, judged by the requests that it remembers. */
  suggestImages({ top, plantId }: SuggestImagesRequest = {}, options?: ClientCallOptions): Promise<SuggestImagesReply> {
    return this.#http.json(
      { method: 'GET', path: `/v1/images/suggestions${queryOf({ top, plant: plantId })}` },
      SuggestImagesReply,
      options,
    );
  }

  /** Lists the requests that a plant remembers, the newest first, with pseudonyms instead of digests. */
  recordedRequests(plantId: string, pseudonymKey: string, options?: ClientCallOptions): Promise<ReplayableRequest[]> {
    const path = `/v1/plants/${encodeURIComponent(plantId)}/requests${queryOf({ pseudonymKey })}`;
    return this.#http.json({ method: 'GET', path }, RecordedRequests, options);
  }

  /** Returns the state and result of a request that is, or was, in progress. */
  operation(requestId: string, options?: ClientCallOptions): Promise<OperationReply> {
    return this.#http.json({ method: 'GET', path: requestPath(requestId) }, OperationReply, options);
  }

  /**
   * Ends the work of a request; resolves with what came of it when it is undone, or of one that had ended before, with
   * what it came to.
   */
  cancel(requestId: string, options?: ClientCallOptions): Promise<OperationReply> {
    return this.#http.json({ method: 'DELETE', path: requestPath(requestId) }, OperationReply, options);
  }

  /**
   * Yields the progress of a request from its start, and ends when the request does. Only the signal ends it earlier.
   */
  async *events(requestId: string, options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<ProgressEvent> {
    for await (const { event, data } of this.#stream(`${requestPath(requestId)}/events`, options)) {
      if (event === 'end') return;
      if (event === 'progress') yield eventOf(ProgressEvent, data, 'progress event');
    }
  }

  /** Yields plants and brokers that come and go, from now on. Only the signal ends it. */
  async *plantEvents(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<PlantEvent> {
    for await (const { event, data } of this.#stream('/v1/plants/events', options)) {
      if (event === 'plant') yield eventOf(PlantEvent, data, 'plant event');
    }
  }

  /** Sends an XML request of any verb; returns the XML of the reply or of the error. */
  async sendXml(document: string, options: ClientCallOptions = {}): Promise<string> {
    const headers = { 'content-type': 'application/xml', accept: 'application/xml' };
    const request = { method: 'POST', path: '/v1/request', headers, body: document } as const;
    return this.#http.within(options, async (signal) =>
      this.#http.text(await this.#http.fetch(request, signal), signal),
    );
  }

  async *#stream(path: string, { signal = new AbortController().signal }: { readonly signal?: AbortSignal }) {
    const headers = { accept: 'text/event-stream' };
    const response = await this.#http.open({ method: 'GET', path, headers }, signal);
    try {
      yield* decodeServerSentEvents(response.body ?? emptyBody());
    } catch (thrown) {
      throw this.#http.failure(thrown, signal);
    }
  }

  #post<T extends TSchema>({ path, request }: Posted, reply: T, options?: WorkOptions): Promise<Static<T>> {
    const headers = { ...JSON_TYPE, ...workHeaders(options) };
    return this.#http.json({ method: 'POST', path, headers, body: JSON.stringify(request) }, reply, options);
  }

  #submit(path: string, request: object, options?: WorkOptions): Promise<Submitted> {
    const headers = { ...JSON_TYPE, ...workHeaders(options), prefer: 'respond-async' };
    return this.#http.json({ method: 'POST', path, headers, body: JSON.stringify(request) }, Accepted, options);
  }
}

const vmPath = (vmId: string): string => `/v1/vms/${encodeURIComponent(vmId)}`;
const RecordedRequests = Type.Array(ReplayableRequest);

const imagePath = (imageId: string): string => `/v1/images/${encodeURIComponent(imageId)}`;
const requestPath = (requestId: string): string => `/v1/requests/${encodeURIComponent(requestId)}`;

function workHeaders(options: WorkOptions | undefined): Record<string, string> {
  return options?.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey };
}

function eventOf<T extends TSchema>(schema: T, data: string, subject: string): Static<T> {
  return validate(schema, parsedOrUndefined(data), { code: 'LINK_PROTOCOL', subject });
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}
