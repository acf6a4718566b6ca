/** The work of creates: files, quota, auction, and awards until a plant has made the VM. */
import { abortable } from '@vmgrid/daemon';
import type { Operation } from '@vmgrid/http-api';
import { award, isVmUnknown, type MarketDeps, type Membership, type VmBook, type VmPlaces } from '@vmgrid/market';
import {
  type Bid,
  type Called,
  type Caller,
  type ClassAdJson,
  type CreateRequest,
  GridError,
  type Identified,
  requestKey,
  requestSpent,
  VmId,
  type VmReply,
  validate,
} from '@vmgrid/protocol';
import type { AuctionHistory } from '../auctions/auction-history.ts';
import type { Auctions } from '../auctions/auctions.ts';
import { createReply } from '../auctions/trail-text.ts';
import type { ShopConfig } from '../config.ts';
import type { RequestFiles } from '../files/request-files.ts';
import type { LongCall } from '../plants/call-to-end.ts';
import type { PlantCalls } from '../plants/plant-calls.ts';
import type { StartupGracePeriod } from '../plants/startup-grace-period.ts';
import type { Admitted } from '../quotas/admitted.ts';
import type { QuotaEnforcer } from '../quotas/quota-enforcer.ts';
import type { RequestHolders } from './request-holders.ts';

type Create = Identified<Called<CreateRequest>>;

export interface CreatesDeps {
  readonly membership: Pick<Membership, 'find'>;
  readonly market: MarketDeps;
  readonly book: Pick<VmBook, 'isHeldHere'>;
  readonly holders: Pick<RequestHolders, 'awaitAll' | 'requireBid'>;
  readonly files: Pick<RequestFiles, 'require' | 'makeWith'>;
  readonly quotas: Pick<QuotaEnforcer, 'admit'>;
  readonly auctions: Pick<Auctions, 'hold'>;
  readonly history: Pick<AuctionHistory, 'keep'>;
  readonly plants: Pick<PlantCalls, 'callToEnd' | 'question'>;
  readonly places: Pick<VmPlaces, 'known' | 'remember'>;
  /** Left out: nobody was there before. */
  readonly startupGracePeriod: Pick<StartupGracePeriod, 'over'> | undefined;
}

export interface CreateOptions {
  readonly operation: Operation;
  /** Aborts when the operation is cancelled, and when the shop closes. */
  readonly signal: AbortSignal;
  /** A plant that is not back yet may have the VM of this request. */
  readonly mayBeRepeated: boolean;
}

export class Creates {
  readonly #deps: CreatesDeps;
  readonly #config: Pick<ShopConfig, 'awardAttempts'>;

  constructor(deps: CreatesDeps, config: Pick<ShopConfig, 'awardAttempts'>) {
    this.#deps = deps;
    this.#config = config;
  }

  /** Resolves when a plant has made the VM, or had it already. */
  async create(asked: Create, { mayBeRepeated, ...options }: CreateOptions): Promise<VmReply> {
    const { holders, files, quotas, startupGracePeriod } = this.#deps;
    const { signal } = options;
    if (mayBeRepeated) await abortable(startupGracePeriod?.over ?? Promise.resolve(), signal);
    await holders.awaitAll(requestKey(asked), signal);
    if (!this.#isHeld(asked)) files.require(asked); // else its plant has what it needs
    using admitted = quotas.admit(asked);
    return await this.#award(admitted, options);
  }

  /**
   * A reply to create with the VM's classad of now; as it was when the plant does not answer. @throws GridError
   * REQUEST_SPENT
   */
  async withPresentAd(reply: VmReply, requestId: string, caller: Caller | undefined): Promise<VmReply> {
    const { membership, plants } = this.#deps;
    const maker = membership.find(reply.trail?.awards.at(-1)?.plantId ?? '');
    if (!maker) return reply;
    const query = { vmId: String(reply.vm.VmId), ...(caller && { caller }) };
    const vm = await maker.call('query', query, plants.question).catch((error) => {
      if (isVmUnknown(error)) throw requestSpent(requestId, reply.vm);
      return reply.vm;
    });
    if (vm.State === 'destroyed') throw requestSpent(requestId, vm);
    return { ...reply, vm };
  }

  async #award(admitted: Admitted<Create>, options: Omit<CreateOptions, 'mayBeRepeated'>): Promise<VmReply> {
    const { holders, auctions, market, history } = this.#deps;
    const { request } = admitted;
    const { awardAttempts: attempts } = this.#config;
    const auction = await auctions.hold(request, { best: attempts, ...options });
    holders.requireBid(requestKey(request), auction);
    const deps = { ...market, createAt: (bid: Bid) => this.#makeAt(bid, admitted, options) };
    const { ad, trail } = await award(auction, deps, {
      ...{ attempts, signal: options.signal },
      awarded: (trail) => history.keep(trail, request.caller?.owner),
    });
    return createReply({ requestId: request.requestId, vm: ad }, trail);
  }

  /** Has the plant of a bid make the VM, with what it needs for that. */
  #makeAt(
    { plantId, holds }: Bid,
    admitted: Admitted<Create>,
    { operation: { cancelled }, signal }: Omit<CreateOptions, 'mayBeRepeated'>,
  ): Promise<ClassAdJson> {
    const { files } = this.#deps;
    const { request } = admitted;
    const isThere = holds === true && this.#isHeld(request);
    if (!isThere) files.require(request); // else its VM has gone meanwhile
    const make = () => this.#callAt({ plantId, method: 'create', request, cancelled });
    return admitted.at(plantId, () => (isThere ? make() : files.makeWith(request, { plantId, signal, make })));
  }

  /** @throws GridError LINK_PROTOCOL when the plant's answer names no VM, or one of another plant */
  async #callAt(call: LongCall<'create'>): Promise<ClassAdJson> {
    const { plants, places } = this.#deps;
    const { plantId, request } = call;
    const ad = await plants.callToEnd(call);
    const vmId = validate(VmId, ad.VmId, { code: 'LINK_PROTOCOL', subject: `VmId of the VM that ${plantId} made` });
    const place = places.known(vmId);
    if (place !== undefined && place !== plantId) {
      throw new GridError('LINK_PROTOCOL', `${plantId} says it made the VM ${vmId}, which is on the plant ${place}`, {
        plantId,
        vmId,
      });
    }
    places.remember(vmId, { plantId, owner: request.caller?.owner });
    return ad;
  }

  #isHeld(request: Create): boolean {
    return this.#deps.book.isHeldHere(requestKey(request));
  }
}
