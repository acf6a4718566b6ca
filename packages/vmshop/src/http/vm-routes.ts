/** `/v1/vms`, `/v1/estimates` and `/v1/explanations`: the verbs of the VMShop as resources. */

import { readMachine, readVerb, sendJson, sendOperation, sendReply, singleQuery, streamEvents } from '@vmgrid/door';
import {
  decodeDestroy,
  decodeList,
  decodeQuery,
  decodeResume,
  decodeSuspend,
  ExplanationCount,
  type Reply,
  type VmReply,
  validate,
} from '@vmgrid/protocol';
import { type Request, Router } from 'express';
import type { Shop } from '../shop.ts';

const asVm = (body: VmReply): Reply => ({ kind: 'vm', body });

/** What an address without a body says: the VM, and the request id of the header. */
function vmOf(request: Request<{ vmId: string }>): object {
  const requestId = request.get('idempotency-key');
  return { vmId: request.params.vmId, ...(requestId === undefined ? {} : { requestId }) };
}

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

  /** Ids of VMs look otherwise. */
  router.get('/vms/events', (_request, response) => {
    streamEvents(response, (send) => shop.vmEvents.listen((event) => send(event.event, event)));
  });

  router.get('/vms/:vmId', async (request, response) => {
    const attributes = singleQuery(request, 'attributes')?.split(',');
    const query = decodeQuery({ vmId: request.params.vmId, ...(attributes ? { attributes } : {}) });
    sendReply(request, response, { kind: 'vm', body: await shop.query(query) });
  });

  router.post('/vms/:vmId/configure', async (request, response) => {
    const operation = shop.configure(readVerb(request, 'configure', { vmId: request.params.vmId }));
    await sendOperation(request, response, operation, asVm);
  });

  router.post('/vms/:vmId/suspend', async (request, response) => {
    await sendOperation(request, response, shop.suspend(decodeSuspend(vmOf(request))), asVm);
  });

  router.post('/vms/:vmId/resume', async (request, response) => {
    await sendOperation(request, response, shop.resume(decodeResume(vmOf(request))), asVm);
  });

  router.post('/vms/:vmId/renew', async (request, response) => {
    const operation = shop.renew(readVerb(request, 'renew', { vmId: request.params.vmId }));
    await sendOperation(request, response, operation, asVm);
  });

  router.delete('/vms/:vmId', async (request, response) => {
    await sendOperation(request, response, shop.destroy(decodeDestroy(vmOf(request))), asVm);
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
