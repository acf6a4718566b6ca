/** `/v1/requests/{id}`: long work as a resource. */
import { Router } from 'express';
import { streamProgress } from './event-stream.ts';
import type { Operation } from './operations.ts';
import { sendReply } from './send.ts';

/** Who knows the requests of a daemon. */
export interface OperationDesk {
  /** @throws GridError REQUEST_UNKNOWN */
  operation(requestId: string): Operation;
}

export function operationRoutes(desk: OperationDesk): Router {
  const router = Router();

  router.get('/requests/:requestId', (request, response) => {
    const body = desk.operation(request.params.requestId).toReply();
    sendReply(request, response, { kind: 'operation', body });
  });

  router.get('/requests/:requestId/events', (request, response) => {
    streamProgress(desk.operation(request.params.requestId), response);
  });

  return router;
}
