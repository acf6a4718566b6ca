/** `/v1/requests/{id}`: long work as a resource. */
import type { Called, OperationReply } from '@vmgrid/protocol';
import { Router } from 'express';
import { callerOf, guard } from '../access/guard.ts';
import { streamProgress } from '../exchange/event-stream.ts';
import { sendReply } from '../exchange/send.ts';
import type { Operation } from './operations.ts';

/** Finds the requests of a daemon. */
export interface OperationLookup {
  /** @throws GridError REQUEST_UNKNOWN */
  operation(request: Called<{ readonly requestId: string }>): Operation;
  /**
   * Ends the work, unless it has ended; what came of it, when it is undone. @throws GridError REQUEST_UNKNOWN,
   * NOT_CANCELLABLE
   */
  cancel(request: Called<{ readonly requestId: string }>): Promise<OperationReply>;
}

export function operationRoutes(operationService: OperationLookup): Router {
  const router = Router();

  router.get('/requests/:requestId', guard('request.read'), async (request, response) => {
    const body = operationService.operation({ ...request.params, caller: callerOf(response) }).toReply();
    await sendReply([request, response], { kind: 'operation', body });
  });

  router.get('/requests/:requestId/events', guard('request.events'), (request, response) => {
    streamProgress(operationService.operation({ ...request.params, caller: callerOf(response) }), response);
  });

  router.delete('/requests/:requestId', guard('request.cancel'), async (request, response) => {
    const cancelling = operationService.cancel({ ...request.params, caller: callerOf(response) });
    response.locals.work = cancelling;
    await sendReply([request, response], { kind: 'operation', body: await cancelling });
  });

  return router;
}
