/** `/v1/requests/{id}`: long work as a resource. */
import type { Called } from '@vmgrid/protocol';
import { Router } from 'express';
import { streamProgress } from './event-stream.ts';
import { callerOf, guard } from './guard.ts';
import type { Operation } from './operations.ts';
import { sendReply } from './send.ts';

/** Finds the requests of a daemon. */
export interface OperationLookup {
  /** @throws GridError REQUEST_UNKNOWN */
  operation(request: Called<{ readonly requestId: string }>): Operation;
}

export function operationRoutes(operationService: OperationLookup): Router {
  const router = Router();

  router.get('/requests/:requestId', guard('request.read'), (request, response) => {
    const body = operationService.operation({ ...request.params, caller: callerOf(response) }).toReply();
    sendReply(request, response, { kind: 'operation', body });
  });

  router.get('/requests/:requestId/events', guard('request.events'), (request, response) => {
    streamProgress(operationService.operation({ ...request.params, caller: callerOf(response) }), response);
  });

  return router;
}
