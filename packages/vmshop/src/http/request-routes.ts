/** `/v1/requests/{id}`: long work as a resource, and `/v1/request`: one XML document of any verb. */
import { Router } from 'express';
import { answerRequest } from '../answer.ts';
import type { Shop } from '../shop.ts';
import { readXml } from './body.ts';
import { streamProgress } from './event-stream.ts';
import { sendReply } from './send.ts';

export function requestRoutes(shop: Shop): Router {
  const router = Router();

  router.post('/request', async (request, response) => {
    sendReply(request, response, await answerRequest(shop, readXml(request)), 'xml');
  });

  router.get('/requests/:requestId', (request, response) => {
    const body = shop.operation(request.params.requestId).toReply();
    sendReply(request, response, { kind: 'operation', body });
  });

  router.get('/requests/:requestId/events', (request, response) => {
    streamProgress(shop.operation(request.params.requestId), response);
  });

  return router;
}
