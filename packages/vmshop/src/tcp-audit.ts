/** What the TCP door tells the audit trail. */
import { type AuditSink, isChange, type Principal } from '@vmgrid/access';
import { GridError, type Request } from '@vmgrid/protocol';

/** Notes who was not let in. */
export async function admitted(audit: AuditSink, admit: () => Principal | Promise<Principal>): Promise<Principal> {
  try {
    return await admit();
  } catch (error) {
    audit.add({ door: 'tcp', operation: 'none', target: '', outcome: GridError.from(error).code });
    throw error;
  }
}

/** Notes a request and what came of it; a change also as it begins. */
export async function audited<T>(
  audit: AuditSink,
  { verb, body }: Request,
  { owner, credential }: Principal,
  work: () => Promise<T>,
): Promise<T> {
  const operation = `vm.${verb}`;
  const target = 'vmId' in body ? body.vmId : 'requestId' in body ? (body.requestId ?? '') : '';
  const note = (outcome: string) => audit.add({ door: 'tcp', owner, credential, operation, target, outcome });
  if (isChange(operation)) note('begun');
  try {
    const result = await work();
    note('ok');
    return result;
  } catch (error) {
    note(GridError.from(error).code);
    throw error;
  }
}
