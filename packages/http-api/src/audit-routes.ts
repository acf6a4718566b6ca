import type { AuditTrail } from '@vmgrid/access';
import { whenClosed } from '@vmgrid/daemon';
import { AuditQuery, GridError, validate } from '@vmgrid/protocol';
import { Router } from 'express';
import { guard } from './guard.ts';
import { sendJson } from './send.ts';

/** `/v1/audit`: what was asked of the daemons of this machine, for those who may know. JSON only. */
export function auditRoutes(audit: Pick<AuditTrail, 'list'>): Router {
  const router = Router();
  router.get('/audit', guard('audit.read'), async (request, response) => {
    const { before, most = '100', ...words } = request.query;
    const query = { ...words, ...(before === undefined ? {} : { before: Number(before) }), most: Number(most) };
    const gone = new AbortController();
    whenClosed(response, () => gone.abort(new GridError('CANCELLED', 'the client has gone')));
    sendJson(request, response, await audit.list(validate(AuditQuery, query, { subject: 'query' }), gone.signal));
  });
  return router;
}
