import { guard, sendJson } from '@vmgrid/door';
import { listPlants, type Membership } from '@vmgrid/market';
import { type Router as ExpressRouter, Router } from 'express';

/** How long the brokers below may take to name their plants. */
const QUESTION_DEADLINE_MS = 10_000;

/** `/v1/plants`: what operators look at. */
export function plantRoutes(membership: Membership): ExpressRouter {
  const router = Router();
  router.get('/plants', guard('plant.list'), async (request, response) => {
    sendJson(request, response, await listPlants(membership, { deadlineMs: QUESTION_DEADLINE_MS }));
  });
  return router;
}
