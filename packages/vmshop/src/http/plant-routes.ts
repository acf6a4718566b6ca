import { guard, PAGE_QUERY, pageQuery, sendJson, singleQuery, streamEvents } from '@vmgrid/http-api';
import { PlantId, type PlantListReply, PseudonymKey, pageOf, type ReplayableRequest, validate } from '@vmgrid/protocol';
import { type Request, type Response, Router } from 'express';
import type { Shop } from '../shop.ts';

/**
 * `/v1/plants`: the plants that are connected, as Server-Sent Events who comes and goes, and what each has carried out.
 * JSON only.
 */
export function plantRoutes(shop: Shop): Router {
  const router = Router();

  router.get('/plants', guard('plant.list', PAGE_QUERY), async (request, response) => {
    const page = pageQuery(request);
    const { plants, ...others } = await shop.plants();
    const { items, ...next } = pageOf(plants, page, ({ plantId }) => plantId);
    sendJson(request, response, { plants: items, ...others, ...next } satisfies PlantListReply);
  });

  router.get(
    '/plants/:plantId/requests',
    guard('plant.requests', ['pseudonymKey', ...PAGE_QUERY]),
    async (request, response) => {
      const pseudonymKey = validate(PseudonymKey, singleQuery(request, 'pseudonymKey'), { subject: 'pseudonymKey' });
      const plantId = validate(PlantId, request.params.plantId, { subject: 'plantId' });
      sendPage(request, response, await shop.recordedRequests(plantId, pseudonymKey));
    },
  );

  router.get('/plants/events', guard('plant.events'), (_request, response) => {
    streamEvents(response, (send) => shop.feed.listen((event) => send('plant', event)));
  });

  return router;
}

/**
 * The list itself is the body, so where the next page is stands in a header (RFC 8288). Without a limit: all of them.
 */
function sendPage(
  request: Request<{ plantId: string }>,
  response: Response,
  requests: readonly ReplayableRequest[],
): void {
  const { items, next } = pageOf(requests, { limit: requests.length, ...pageQuery(request) }, ageKey);
  if (next !== undefined) {
    const query = new URLSearchParams({ ...(request.query as Record<string, string>), cursor: next });
    response.setHeader('link', `<${request.baseUrl}${request.path}?${query}>; rel="next"`);
  }
  sendJson(request, response, items);
}

/** The newest first, and those of one millisecond by place. */
function ageKey({ at }: ReplayableRequest, place: number): string {
  const age = String(Number.MAX_SAFE_INTEGER - Math.trunc(at)).padStart(16, '0');
  return `${age} ${String(place).padStart(9, '0')}`;
}
