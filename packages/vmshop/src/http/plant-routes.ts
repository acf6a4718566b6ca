import { guard, sendJson, singleQuery, streamEvents } from '@vmgrid/http-api';
import { PlantId, PseudonymKey, validate } from '@vmgrid/protocol';
import { Router } from 'express';
import type { Shop } from '../shop.ts';

/** `/v1/plants`: the plants that are connected, as Server-Sent Events who comes and goes, and what each has carried out. JSON only. */
export function plantRoutes(shop: Shop): Router {
  const router = Router();

  router.get('/plants', guard('plant.list'), async (request, response) =>
    sendJson(request, response, await shop.plants()),
  );

  router.get('/plants/:plantId/requests', guard('plant.requests'), async (request, response) => {
    const pseudonymKey = validate(PseudonymKey, singleQuery(request, 'pseudonymKey'), { subject: 'pseudonymKey' });
    const plantId = validate(PlantId, request.params.plantId, { subject: 'plantId' });
    sendJson(request, response, await shop.recordedRequests(plantId, pseudonymKey));
  });

  router.get('/plants/events', guard('plant.events'), (_request, response) => {
    streamEvents(response, (send) => shop.feed.listen((event) => send('plant', event)));
  });

  return router;
}
