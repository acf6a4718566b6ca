/** One request of any verb, answered: what the XML door of HTTP and the TCP door share. */
import type { EstimateReply, ListReply, Reply, Request, VmReply } from '@vmgrid/protocol';
import type { Shop } from './shop.ts';

export async function answerRequest(shop: Shop, request: Request): Promise<Reply> {
  switch (request.verb) {
    case 'create':
      return vm(await shop.create(request.body).settled);
    case 'configure':
      return vm(await shop.configure(request.body).settled);
    case 'destroy':
      return vm(await shop.destroy(request.body).settled);
    case 'suspend':
      return vm(await shop.suspend(request.body).settled);
    case 'resume':
      return vm(await shop.resume(request.body).settled);
    case 'renew':
      return vm(await shop.renew(request.body).settled);
    case 'query':
      return { kind: 'vm', body: await shop.query(request.body) };
    case 'list':
      return { kind: 'vms', body: (await shop.list(request.body)) satisfies ListReply };
    case 'estimate':
      return { kind: 'estimate', body: (await shop.estimate(request.body)) satisfies EstimateReply };
  }
}

const vm = (result: unknown): Reply => ({ kind: 'vm', body: result as VmReply });
