import type { AuditTrail } from '@vmgrid/access';
import { whenClosed } from '@vmgrid/daemon';
import { AuditQuery, type AuditReply, cursorAt, GridError, keyAt, validate } from '@vmgrid/protocol';
import { Router } from 'express';
import { guard } from '../access/guard.ts';
import { PAGE_QUERY, pageQuery } from '../exchange/page-query.ts';
import { numberQuery } from '../exchange/query.ts';
import { sendJson } from '../exchange/send.ts';

/** Entries of one page, when the client gives no limit. */
const LISTED = 100;

/** `/v1/audit`: requests to the daemons of this machine, for those with the right to read them. JSON only. */
export function auditRoutes(audit: Pick<AuditTrail, 'list'>): Router {
  const router = Router();
  router.get(
    '/audit',
    guard('audit.read', [...Object.keys(AuditQuery.properties), ...PAGE_QUERY]),
    async (request, response) => {
      const { limit = LISTED, cursor } = pageQuery(request);
      const { before: _, most: __, limit: ___, cursor: ____, ...words } = request.query;
      const before = cursor === undefined ? numberQuery(request, 'before') : Number(keyAt(cursor));
      const most = numberQuery(request, 'most') ?? limit;
      const query = { ...words, ...(before === undefined ? {} : { before }), most };
      const gone = new AbortController();
      whenClosed(response, () => gone.abort(new GridError('CANCELLED', 'the client has gone')));
      const wanted = validate(AuditQuery, query, { subject: 'query' });
      const { entries } = await audit.list(wanted, gone.signal);
      const last = entries.length < wanted.most ? undefined : entries.at(-1);
      const next = last && { next: cursorAt(String(last.sequence)) };
      sendJson(request, response, { entries, ...next } satisfies AuditReply);
    },
  );
  return router;
}
