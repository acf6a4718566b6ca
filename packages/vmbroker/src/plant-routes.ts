import { guard, sendJson } from '@vmgrid/http-api';
import { type KnownPlants, listPlants } from '@vmgrid/market';
import { type Router as ExpressRouter, Router } from 'express';

/** How long the brokers below may take to name their plants. */
const QUESTION_DEADLINE_MS = 10_000;

/** `/v1/plants`: what operators look at. */
export function plantRoutes(known: KnownPlants): ExpressRouter {
  const router = Router();
  router.get('/plants', guard('plant.list'), async (request, response) => {
    sendJson(request, response, await listPlants(known, { deadlineMs: QUESTION_DEADLINE_MS }));
  });
  return router;
}
