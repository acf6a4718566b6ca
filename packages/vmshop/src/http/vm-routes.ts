/** `/v1/vms`, `/v1/estimates` and `/v1/explanations`: the verbs of the VMShop as resources. */

import {
  callerOf,
  guard,
  hasBody,
  numberQuery,
  PAGE_QUERY,
  pageQuery,
  readMachine,
  readVerb,
  sendJson,
  sendOperation,
  sendReply,
  singleQuery,
  streamEvents,
} from '@vmgrid/http-api';
import {
  type Called,
  decodeDestroy,
  decodeList,
  decodeQuery,
  decodeResume,
  decodeStart,
  decodeSuspend,
  ExplanationCount,
  type Reply,
  type VmReply,
  validate,
} from '@vmgrid/protocol';
import { type Request, type Response, Router } from 'express';
import type { Shop } from '../shop.ts';

/** The request, of whoever asked. */
const by = <T extends object>(response: Response, request: T): Called<T> => ({
  ...request,
  caller: callerOf(response),
});

const asVm = (body: VmReply): Reply => ({ kind: 'vm', body });

type BareVerb = 'suspend' | 'resume' | 'start' | 'destroy';

/** Reads a request that needs no body: the path names the VM, a header the request id. A body is read as any other. */
function readBare([request, response]: [Request<{ vmId: string }>, Response], verb: BareVerb) {
  if (hasBody(request)) return readVerb([request, response], verb, request.params);
  const requestId = request.get('idempotency-key');
  return decodeBare[verb]({ ...request.params, ...(requestId === undefined ? {} : { requestId }) });
}

const decodeBare = {
  suspend: decodeSuspend,
  resume: decodeResume,
  start: decodeStart,
  destroy: decodeDestroy,
} as const;

export function vmRoutes(shop: Shop): Router {
  const router = Router();
  const bare = (verb: BareVerb) => async (request: Request<{ vmId: string }>, response: Response) => {
    const operation = shop[verb](by(response, await readBare([request, response], verb)));
    await sendOperation([request, response], operation, asVm);
  };

  router.post('/vms', guard('vm.create'), async (request, response) => {
    const operation = shop.create(by(response, await readVerb([request, response], 'create')));
    await sendOperation([request, response], operation, (body: VmReply) => {
      response.status(201).location(`/v1/vms/${String(body.vm.VmId)}`);
      return { kind: 'vm', body };
    });
  });

  router.get('/vms', guard('vm.list', ['constraint', ...PAGE_QUERY]), async (request, response) => {
    const constraint = singleQuery(request, 'constraint');
    const wanted = decodeList({ ...pageQuery(request), ...(constraint === undefined ? {} : { constraint }) });
    const body = await shop.list(by(response, wanted));
    await sendReply([request, response], { kind: 'vms', body });
  });

  /** Ids of VMs look otherwise. */
  router.get('/vms/events', guard('vm.events'), (_request, response) => {
    const caller = callerOf(response);
    streamEvents(response, (send) => shop.vmEvents.listen(caller, (event) => send(event.event, event)));
  });

  router.get('/vms/:vmId', guard('vm.query', ['attributes']), async (request, response) => {
    const attributes = singleQuery(request, 'attributes')?.split(',');
    const query = decodeQuery({ vmId: request.params.vmId, ...(attributes ? { attributes } : {}) });
    await sendReply([request, response], { kind: 'vm', body: await shop.query(by(response, query)) });
  });

  router.post('/vms/:vmId/configure', guard('vm.configure'), async (request, response) => {
    const operation = shop.configure(by(response, await readVerb([request, response], 'configure', request.params)));
    await sendOperation([request, response], operation, asVm);
  });

  router.post('/vms/:vmId/suspend', guard('vm.suspend'), bare('suspend'));

  router.post('/vms/:vmId/resume', guard('vm.resume'), bare('resume'));

  router.post('/vms/:vmId/start', guard('vm.start'), bare('start'));

  router.post('/vms/:vmId/renew', guard('vm.renew'), async (request, response) => {
    const operation = shop.renew(by(response, await readVerb([request, response], 'renew', request.params)));
    await sendOperation([request, response], operation, asVm);
  });

  router.delete('/vms/:vmId', guard('vm.destroy'), bare('destroy'));

  router.post('/estimates', guard('vm.estimate'), async (request, response) => {
    await sendReply([request, response], {
      kind: 'estimate',
      body: await shop.estimate(by(response, await readVerb([request, response], 'estimate'))),
    });
  });

  router.post('/explanations', guard('vm.explain', ['top']), async (request, response) => {
    const top = validate(ExplanationCount, numberQuery(request, 'top') ?? 5, { subject: 'top' });
    sendJson(request, response, await shop.explain(await readMachine([request, response]), top));
  });

  return router;
}
