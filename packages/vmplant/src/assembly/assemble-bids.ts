/** Assembles the parts that bid for a plant and publish the data that its bids depend on. */
import { OfferBook, parseCost } from '@vmgrid/bidding';
import { AdPublisher } from '../bids/ad-publisher.ts';
import { BidService } from '../bids/bid-service.ts';
import { OfferPublisher } from '../bids/offer-publisher.ts';
import type { PlantConfig } from '../config.ts';
import type { PlantBooks } from './open-books.ts';
import type { PlantPorts } from './ports.ts';

export function assembleBids(ports: PlantPorts, books: PlantBooks, config: PlantConfig) {
  const { host, clock, log, links, version, reports, stores } = ports;
  const { loadAverage } = host;
  const { warehouse } = stores;
  const bidService = new BidService(
    {
      ...{ ...books, warehouse, hostActions: host.actions, clock, version, lines: reports },
      cost: parseCost(config.cost),
      loadAverage: loadAverage ?? (() => 0),
    },
    config,
  );
  const rest = () => bidService.offerRest();
  const offers = new OfferPublisher({
    ...{ rest, book: new OfferBook(books), log, clock },
    loadChanges: loadAverage !== undefined,
  });
  return { bidService, offers, adPublisher: new AdPublisher({ bidService, offers, links, log }) };
}
