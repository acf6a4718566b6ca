/** Keeps the ad of the plant as it was published last, and publishes changes of it. */
import type { Log } from '@vmgrid/daemon';
import { adToJson, type ClassAdJson, type Upstreams } from '@vmgrid/protocol';
import type { BidService } from './bid-service.ts';
import type { OfferPublisher } from './offer-publisher.ts';

export interface AdPublisherDeps {
  readonly bidService: Pick<BidService, 'ad'>;
  readonly offers: Pick<OfferPublisher, 'changed'>;
  readonly links: Pick<Upstreams, 'notify'>;
  readonly log: Pick<Log, 'error'>;
}

export class AdPublisher {
  readonly #deps: AdPublisherDeps;
  #ad: ClassAdJson = {};

  constructor(deps: AdPublisherDeps) {
    this.#deps = deps;
  }

  get ad(): ClassAdJson {
    return this.#ad;
  }

  /** Makes the ad again, without publishing it. */
  async renew(): Promise<void> {
    this.#ad = adToJson(await this.#deps.bidService.ad());
  }

  /** Called when the plant's VMs or resources have changed. Resolves when the upstreams know of it. Never rejects. */
  async changed(): Promise<void> {
    const { offers, links, log } = this.#deps;
    try {
      await this.renew();
      links.notify('ad', this.#ad);
      await offers.changed();
    } catch (error) {
      log.error({ err: error }, 'the ad could not be renewed');
    }
  }
}
