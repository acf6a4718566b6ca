/** `/v1/vms`, `/v1/estimates` and `/v1/explanations`: the verbs of the VMShop as resources. */

import { readMachine, readVerb, sendJson, sendOperation, sendReply, singleQuery } from '@vmgrid/door';
import { decodeDestroy, decodeList, decodeQuery, ExplanationCount, type VmReply, validate } from '@vmgrid/protocol';
import { Router } from 'express';
import type { Shop } from '../shop.ts';

export function vmRoutes(shop: Shop): Router {
  const router = Router();

  router.post('/vms', async (request, response) => {
    const operation = shop.create(readVerb(request, 'create'));
    await sendOperation(request, response, operation, (body: VmReply) => {
      response.status(201).location(`/v1/vms/${String(body.vm.VmId)}`);
      return { kind: 'vm', body };
    });
  });

  router.get('/vms', async (request, response) => {
    const constraint = singleQuery(request, 'constraint');
    const body = await shop.list(decodeList(constraint === undefined ? {} : { constraint }));
    sendReply(request, response, { kind: 'vms', body });
  });

  router.get('/vms/:vmId', async (request, response) => {
    const attributes = singleQuery(request, 'attributes')?.split(',');
    const query = decodeQuery({ vmId: request.params.vmId, ...(attributes ? { attributes } : {}) });
    sendReply(request, response, { kind: 'vm', body: await shop.query(query) });
  });

  router.post('/vms/:vmId/configure', async (request, response) => {
    const operation = shop.configure(readVerb(request, 'configure', { vmId: request.params.vmId }));
    await sendOperation(request, response, operation, (body: VmReply) => ({ kind: 'vm', body }));
  });

  router.delete('/vms/:vmId', async (request, response) => {
    const requestId = request.get('idempotency-key');
    const destroy = decodeDestroy({ vmId: request.params.vmId, ...(requestId === undefined ? {} : { requestId }) });
    await sendOperation(request, response, shop.destroy(destroy), (body: VmReply) => ({ kind: 'vm', body }));
  });

  router.post('/estimates', async (request, response) => {
    sendReply(request, response, { kind: 'estimate', body: await shop.estimate(readVerb(request, 'estimate')) });
  });

  router.post('/explanations', async (request, response) => {
    const top = validate(ExplanationCount, Number(singleQuery(request, 'top') ?? 5), { subject: 'top' });
    sendJson(request, response, await shop.explain(readMachine(request), top));
  });

  return router;
}
