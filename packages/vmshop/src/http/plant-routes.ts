import { guard, sendJson, streamEvents } from '@vmgrid/door';
import { Router } from 'express';
import type { Shop } from '../shop.ts';

/** `/v1/plants`: the plants that are connected, and as Server-Sent Events who comes and goes. JSON only. */
export function plantRoutes(shop: Shop): Router {
  const router = Router();

  router.get('/plants', guard('plant.list'), async (request, response) =>
    sendJson(request, response, await shop.plants()),
  );

  router.get('/plants/events', guard('plant.events'), (_request, response) => {
    streamEvents(response, (send) => shop.feed.listen((event) => send('plant', event)));
  });

  return router;
}
