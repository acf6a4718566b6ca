import { callerOf, guard, sendJson, singleQuery } from '@vmgrid/http-api';
import { RequestId, validate } from '@vmgrid/protocol';
import { type Router as ExpressRouter, Router } from 'express';
import type { AuctionHistory } from '../auction-history.ts';

/** Auctions that one listing names. */
const LISTED = 100;

/** `/v1/auctions`: what past auctions decided and why. JSON only. */
export function auctionRoutes(history: Pick<AuctionHistory, 'get' | 'list'>): ExpressRouter {
  const router = Router();

  router.get('/auctions', guard('auction.list'), (request, response) => {
    const requestId = singleQuery(request, 'request');
    const of = requestId === undefined ? {} : { requestId: validate(RequestId, requestId, { subject: 'request' }) };
    sendJson(request, response, history.list({ ...of, caller: callerOf(response), most: LISTED }));
  });

  router.get('/auctions/:auctionId', guard('auction.read'), (request, response) => {
    sendJson(request, response, history.get({ ...request.params, caller: callerOf(response) }));
  });

  return router;
}
