import { callerOf, guard, PAGE_QUERY, pageQuery, sendJson, singleQuery } from '@vmgrid/http-api';
import { RequestId, validate } from '@vmgrid/protocol';
import { type Router as ExpressRouter, Router } from 'express';
import type { AuctionHistory } from '../auctions/auction-history.ts';

/** `/v1/auctions`: what past auctions decided and why. JSON only. */
export function auctionRoutes(history: Pick<AuctionHistory, 'get' | 'list'>): ExpressRouter {
  const router = Router();

  router.get('/auctions', guard('auction.list', ['request', ...PAGE_QUERY]), (request, response) => {
    const requestId = singleQuery(request, 'request');
    const of = requestId === undefined ? {} : { requestId: validate(RequestId, requestId, { subject: 'request' }) };
    sendJson(request, response, history.list({ ...of, ...pageQuery(request), caller: callerOf(response) }));
  });

  router.get('/auctions/:auctionId', guard('auction.read'), (request, response) => {
    sendJson(request, response, history.get({ ...request.params, caller: callerOf(response) }));
  });

  return router;
}
