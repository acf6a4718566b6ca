import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import { runFolder } from '../process/run-folder.ts';
import { UML_ID } from './layout.ts';
import type { UmlState } from './machine-state.ts';

const ANSWER_DEADLINE_MS = 10_000;

/**
 * Sends a command to UML's management console (`config`, `remove`, ...; admin-guide of Linux). Never before the guest's
 * agent has answered: a device that is configured while the kernel still looks for its devices makes it panic. It runs
 * as the machine's user, so that UML can answer and no name in its folder leads to anything that the user could not
 * reach itself. Throws VMM_FAILED with UML's own words.
 */
export async function orderUml(
  { directory, uid }: UmlState,
  order: readonly string[],
  { run, signal }: { readonly run: CommandRunner; readonly signal: AbortSignal },
): Promise<void> {
  const failure = { code: 'VMM_FAILED', message: 'the management console of UML does not answer' } as const;
  const answer = await runTool('uml_mconsole', [`./${UML_ID}/mconsole`, ...order], {
    ...{ run, failure, cwd: runFolder(directory), signal, timeoutMs: ANSWER_DEADLINE_MS },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (answer.trimStart().startsWith('OK')) return;
  throw new GridError('VMM_FAILED', `UML refuses ${order[0]}: ${answer.trim()}`, { command: order[0] ?? '' });
}
