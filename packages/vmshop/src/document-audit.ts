/** Writes the audit trail of the endpoints that take documents of all verbs. */
import { type AuditSink, goesUnaudited, isChange, ownerOverRate, type Principal } from '@vmgrid/access';
import { GridError, type Reply, type Request } from '@vmgrid/protocol';
import { operationOf } from './answer.ts';

/** The caller at the TCP endpoint, and its address. */
export interface Client {
  readonly principal: Principal;
  readonly from: string | undefined;
}

/** Notes who was not let in. */
export async function admitted(
  audit: AuditSink,
  admit: () => Principal | Promise<Principal>,
  from: string | undefined,
): Promise<Client> {
  try {
    return { principal: await admit(), from };
  } catch (error) {
    const outcome = GridError.from(error).code;
    audit.add({ ...tcpEntry(from), ...ownerOverRate(error), operation: 'none', target: '', outcome });
    throw error;
  }
}

const tcpEntry = (from: string | undefined) => ({ door: 'tcp', ...(from === undefined ? {} : { from }) }) as const;

/** Returns the target of a request: its VM, or its own id. */
export function targetOf({ body }: Request): string {
  if ('vmId' in body) return body.vmId;
  return 'requestId' in body ? (body.requestId ?? '') : '';
}

/** The VM that a request came to. */
export const vmOf = (reply: Reply): string | undefined =>
  reply.kind === 'vm' && typeof reply.body.vm.VmId === 'string' ? reply.body.vm.VmId : undefined;

/** Notes a request and what came of it; a change also as it begins. */
export async function audited(
  audit: AuditSink,
  { request, client }: { readonly request: Request; readonly client: Client },
  work: () => Promise<Reply>,
): Promise<Reply> {
  const { principal, from } = client;
  const { owner, credential } = principal;
  const operation = operationOf(request.verb);
  const note = (outcome: string, target = targetOf(request)) =>
    audit.add({ ...tcpEntry(from), owner, credential, operation, target, outcome });
  if (isChange(operation)) {
    note('begun');
    const hindrance = await audit.written();
    if (hindrance && !goesUnaudited(operation)) throw hindrance;
  }
  try {
    const reply = await work();
    note('ok', vmOf(reply));
    return reply;
  } catch (error) {
    note(GridError.from(error).code);
    throw error;
  }
}
