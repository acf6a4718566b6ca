import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import { runFolder } from '../run-folder.ts';
import { UML_ID } from './layout.ts';
import type { UmlState } from './machine-state.ts';

const ANSWER_DEADLINE_MS = 10_000;

/**
 * Gives an order to UML's management console (`config`, `remove`, ...; admin-guide of Linux). Not before the guest's
 * agent has answered: a device that is configured while the kernel still looks for its devices panics it. As the
 * machine's user, so that UML may answer and no name in its folder leads further than it can go itself. VMM_FAILED with
 * UML's own words.
 */
export async function orderUml(
  { directory, uid }: UmlState,
  order: readonly string[],
  run: CommandRunner,
  signal: AbortSignal,
): Promise<void> {
  const failure = { code: 'VMM_FAILED', message: 'the management console of UML does not answer' } as const;
  const answer = await runTool('uml_mconsole', [`./${UML_ID}/mconsole`, ...order], {
    ...{ run, failure, cwd: runFolder(directory), signal, timeoutMs: ANSWER_DEADLINE_MS },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  if (answer.trimStart().startsWith('OK')) return;
  throw new GridError('VMM_FAILED', `UML refuses ${order[0]}: ${answer.trim()}`, { command: order[0] ?? '' });
}
