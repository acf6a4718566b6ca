/** One request of any verb, answered: what the XML endpoint of HTTP and the TCP endpoint share. */
import { authorize, type Principal } from '@vmgrid/access';
import type { Called, EstimateReply, ListReply, Reply, Request, Verb, VmReply } from '@vmgrid/protocol';
import type { Shop } from './shop.ts';

type CalledRequest = { [V in Verb]: { readonly verb: V; readonly body: Called<BodyOf<V>> } }[Verb];
type BodyOf<V extends Verb> = Extract<Request, { readonly verb: V }>['body'];

/** @throws GridError FORBIDDEN, and as the shop does */
export async function answerRequest(shop: Shop, { verb, body }: Request, principal: Principal): Promise<Reply> {
  const caller = authorize(principal, operationOf(verb));
  const request = { verb, body: { ...body, caller } } as CalledRequest;
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
    case 'start':
      return vm(await shop.start(request.body).settled);
    case 'renew':
      return vm(await shop.renew(request.body).settled);
    case 'cancel':
      return { kind: 'operation', body: await shop.canceller.cancel(request.body) };
    case 'query':
      return { kind: 'vm', body: await shop.query(request.body) };
    case 'list':
      return { kind: 'vms', body: (await shop.list(request.body)) satisfies ListReply };
    case 'estimate':
      return { kind: 'estimate', body: (await shop.estimate(request.body)) satisfies EstimateReply };
  }
}

/** Returns the operation that a document asks for, as the table of grants names it. */
export const operationOf = (verb: Verb) => (verb === 'cancel' ? 'request.cancel' : (`vm.${verb}` as const));

const vm = (result: unknown): Reply => ({ kind: 'vm', body: result as VmReply });
