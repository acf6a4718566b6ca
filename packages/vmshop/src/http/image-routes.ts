/** `/v1/images` and `/v1/plants`: what operators look at. JSON only. */
import { type BuildImageReply, decodeBuildImage } from '@vmgrid/protocol';
import { Router } from 'express';
import type { Shop } from '../shop.ts';
import { readJson, withIdempotencyKey } from './body.ts';
import { sendJson, sendOperationJson } from './send.ts';

export function imageRoutes(shop: Shop): Router {
  const router = Router();

  router.get('/plants', (request, response) => sendJson(request, response, shop.plants()));

  router.get('/images', async (request, response) => sendJson(request, response, await shop.images()));

  router.post('/images', async (request, response) => {
    const operation = shop.buildImage(decodeBuildImage(withIdempotencyKey(request, readJson(request))));
    await sendOperationJson(request, response, operation, (body: BuildImageReply) => {
      response.status(body.built ? 201 : 200).location(`/v1/images/${body.image.imageId}`);
      return body;
    });
  });

  router.get('/images/:imageId', async (request, response) => {
    sendJson(request, response, await shop.image(request.params.imageId));
  });

  router.delete('/images/:imageId', async (request, response) => {
    await shop.removeImage(request.params.imageId);
    response.status(204).end();
  });

  return router;
}
