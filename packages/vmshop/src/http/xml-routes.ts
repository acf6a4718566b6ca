import { guard, principalOf, readXml, sendReply } from '@vmgrid/http-api';
import { Router } from 'express';
import { answerRequest, operationOf } from '../answer.ts';
import { targetOf, vmOf } from '../document-audit.ts';
import type { Shop } from '../shop.ts';

export const XML_REQUESTS = '/request';

/** `/v1/request`: one XML document of any verb. */
export function xmlRoutes(shop: Shop): Router {
  const router = Router();
  router.post(XML_REQUESTS, guard('document.send'), async (request, response) => {
    const document = await readXml([request, response]);
    response.locals.operation = operationOf(document.verb);
    response.locals.target = targetOf(document);
    await response.locals.begins?.();
    const reply = await answerRequest(shop, document, principalOf(response));
    response.locals.target = vmOf(reply) ?? response.locals.target;
    await sendReply([request, response], reply, 'xml');
  });
  return router;
}
