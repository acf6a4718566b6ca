import { memoryFigures } from '@vmgrid/daemon';
import type { MemoryReply } from '@vmgrid/protocol';
import { Router } from 'express';
import { guard } from '../access/guard.ts';
import { sendJson } from '../exchange/send.ts';

/** `/v1/memory`: the daemon's use of memory. JSON only. */
export function memoryRoutes(): Router {
  const router = Router();
  router.get('/memory', guard('memory.read'), (request, response) => {
    sendJson(request, response, memoryFigures() satisfies MemoryReply);
  });
  return router;
}
