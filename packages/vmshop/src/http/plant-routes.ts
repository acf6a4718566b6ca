import { sendJson } from '@vmgrid/door';
import { Router } from 'express';
import type { Shop } from '../shop.ts';

/** `/v1/plants`: the plants that are connected. JSON only. */
export function plantRoutes(shop: Shop): Router {
  const router = Router();
  router.get('/plants', async (request, response) => sendJson(request, response, await shop.plants()));
  return router;
}
