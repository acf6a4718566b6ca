/** `/v1/images`: golden images, for operators. JSON only. */

import {
  callerOf,
  guard,
  numberQuery,
  PAGE_QUERY,
  pageQuery,
  readIdentified,
  readJson,
  sendJson,
  sendOperationJson,
  singleQuery,
} from '@vmgrid/http-api';
import {
  type BuildImageReply,
  CollectImagesRequest,
  decodeBuildImage,
  type ImageListReply,
  LabelImageRequest,
  pageOf,
  SuggestImagesRequest,
  VerifyImagesRequest,
  validate,
} from '@vmgrid/protocol';
import { Router } from 'express';
import type { ImageCatalogue } from './image-catalogue.ts';
import type { ImageWork } from './image-work.ts';

export function imageRoutes(images: ImageCatalogue, work: ImageWork): Router {
  const router = Router();

  router.get('/images', guard('image.list', PAGE_QUERY), async (request, response) => {
    const page = pageQuery(request);
    const { images: all, ...others } = await images.list();
    const { items, ...next } = pageOf(all, page, ({ imageId }) => imageId);
    sendJson(request, response, { images: items, ...others, ...next } satisfies ImageListReply);
  });

  router.post('/images', guard('image.build'), async (request, response) => {
    const operation = work.build({
      ...decodeBuildImage(await readIdentified([request, response])),
      caller: callerOf(response),
    });
    await sendOperationJson([request, response], operation, (body: BuildImageReply) => {
      response.status(body.built ? 201 : 200).location(`/v1/images/${body.image.imageId}`);
      return body;
    });
  });

  router.post('/images/verify', guard('image.verify'), async (request, response) => {
    const document = validate(VerifyImagesRequest, await readIdentified([request, response]), {
      subject: 'verify',
    });
    await sendOperationJson(
      [request, response],
      work.verify({ ...document, caller: callerOf(response) }),
      (reply: object) => reply,
    );
  });

  router.post('/images/equality', guard('image.verify'), async (request, response) => {
    const document = decodeBuildImage(await readIdentified([request, response]));
    const operation = work.verifyEqual({ ...document, caller: callerOf(response) });
    await sendOperationJson([request, response], operation, (reply: object) => reply);
  });

  router.post('/images/collect', guard('image.collect'), async (request, response) => {
    const document = validate(CollectImagesRequest, await readIdentified([request, response]), {
      subject: 'collect',
    });
    await sendOperationJson(
      [request, response],
      work.collect({ ...document, caller: callerOf(response) }),
      (reply: object) => reply,
    );
  });

  router.get('/images/suggestions', guard('image.suggest', ['top', 'plant']), async (request, response) => {
    const [top, plantId] = [numberQuery(request, 'top'), singleQuery(request, 'plant')];
    const query = { ...(top === undefined ? {} : { top }), ...(plantId === undefined ? {} : { plantId }) };
    const wanted = validate(SuggestImagesRequest, query, { subject: 'query' });
    sendJson(request, response, await images.suggestions(wanted));
  });

  router.get('/images/:from/diff/:to', guard('image.diff'), async (request, response) => {
    sendJson(request, response, await images.diff(request.params.from, request.params.to));
  });

  router.patch('/images/:imageId', guard('image.label'), async (request, response) => {
    const labels = validate(LabelImageRequest, await readJson([request, response]), { subject: 'labels' });
    sendJson(request, response, await images.label(request.params.imageId, labels));
  });

  router.get('/images/:imageId', guard('image.read'), async (request, response) => {
    sendJson(request, response, await images.find(request.params.imageId));
  });

  router.delete('/images/:imageId', guard('image.remove'), async (request, response) => {
    await images.remove(request.params.imageId);
    response.status(204).end();
  });

  return router;
}
