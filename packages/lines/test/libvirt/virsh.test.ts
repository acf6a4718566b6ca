import { expect, test } from '@jest/globals';
import { CommandError } from '@vmgrid/daemon';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { Virsh } from '../../src/libvirt/api/virsh.ts';

/** A virsh that fails with these words. */
function failing(outputTail: string): Virsh {
  const run = async () => {
    const fields = { program: 'virsh', exitCode: 1, reason: 'failed', outputTail } as const;
    throw new CommandError('virsh ended with exit status 1', fields, undefined);
  };
  return new Virsh({ run }, { uri: 'test:///default' });
}

test.each([
  ['is not there', "error: failed to get domain 'u'"],
  ['goes meanwhile', "error: Domain not found: no domain with matching uuid 'u' (vmgrid-vm-1)"],
])('a domain that %s is forgotten', async (_, output) => {
  await expect(failing(output).undefine('u', NO_DEADLINE)).resolves.toBeUndefined();
});

test('any other refusal to forget a domain is told in the words of virsh', async () => {
  const refused = failing('error: Requested operation is not valid').undefine('u', NO_DEADLINE);
  await expect(refused).rejects.toMatchObject({
    code: 'VMM_FAILED',
    message: 'libvirt refused undefine: Requested operation is not valid',
  });
});
