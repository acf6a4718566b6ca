import { guard, PAGE_QUERY, pageQuery, sendJson } from '@vmgrid/http-api';
import { type KnownPlants, listPlants } from '@vmgrid/market';
import { pageOf } from '@vmgrid/protocol';
import { type Router as ExpressRouter, Router } from 'express';

/** How long the brokers below may take to name their plants. */
const QUESTION_DEADLINE_MS = 10_000;

/** `/v1/plants`: what operators look at. */
export function plantRoutes(known: KnownPlants): ExpressRouter {
  const router = Router();
  router.get('/plants', guard('plant.list', PAGE_QUERY), async (request, response) => {
    const page = pageQuery(request);
    const { plants, ...others } = await listPlants(known, { deadlineMs: QUESTION_DEADLINE_MS });
    const { items, ...next } = pageOf(plants, page, ({ plantId }) => plantId);
    sendJson(request, response, { plants: items, ...others, ...next });
  });
  return router;
}
