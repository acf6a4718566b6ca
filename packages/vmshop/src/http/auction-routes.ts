import { sendJson, singleQuery } from '@vmgrid/door';
import { RequestId, validate } from '@vmgrid/protocol';
import { type Router as ExpressRouter, Router } from 'express';
import type { AuctionHistory } from '../auction-history.ts';

/** Auctions that one listing names. */
const LISTED = 100;

/** `/v1/auctions`: what past auctions decided and why. JSON only. */
export function auctionRoutes(history: Pick<AuctionHistory, 'get' | 'list'>): ExpressRouter {
  const router = Router();

  router.get('/auctions', (request, response) => {
    const requestId = singleQuery(request, 'request');
    const of = requestId === undefined ? {} : { requestId: validate(RequestId, requestId, { subject: 'request' }) };
    sendJson(request, response, history.list({ ...of, most: LISTED }));
  });

  router.get('/auctions/:auctionId', (request, response) => {
    sendJson(request, response, history.get(request.params.auctionId));
  });

  return router;
}
