import type { Bidder, CallTerms, CreateRequest, Identified } from '@vmgrid/protocol';

/** The request, on whose terms, and who is asked. */
export interface AuctionCall {
  readonly request: Identified<CreateRequest>;
  readonly terms: CallTerms;
  readonly bidders: readonly Bidder[];
}
