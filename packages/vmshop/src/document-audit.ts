/** What the doors that take a document of any verb tell the audit trail. */
import { type AuditSink, isChange, type Principal } from '@vmgrid/access';
import { GridError, type Reply, type Request } from '@vmgrid/protocol';

/** Notes who was not let in. */
export async function admitted(audit: AuditSink, admit: () => Principal | Promise<Principal>): Promise<Principal> {
  try {
    return await admit();
  } catch (error) {
    audit.add({ door: 'tcp', operation: 'none', target: '', outcome: GridError.from(error).code });
    throw error;
  }
}

/** What a request is about: its VM, or its own id. */
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
  request: Request,
  { owner, credential }: Principal,
  work: () => Promise<Reply>,
): Promise<Reply> {
  const operation = `vm.${request.verb}`;
  const note = (outcome: string, target = targetOf(request)) =>
    audit.add({ door: 'tcp', owner, credential, operation, target, outcome });
  if (isChange(operation)) note('begun');
  try {
    const reply = await work();
    note('ok', vmOf(reply));
    return reply;
  } catch (error) {
    note(GridError.from(error).code);
    throw error;
  }
}
