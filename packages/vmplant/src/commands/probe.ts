import { mkdir } from 'node:fs/promises';
import { createLog } from '@vmgrid/daemon';
import { HOST_LINES, makeLines, probeLines } from '../lines/make-lines.ts';

/** Prints what each production line can do on this host, as JSON. Returns the exit status. */
export async function probeCommand(stateDirectory: string): Promise<number> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o711 });
  const reports = await probeLines(makeLines(HOST_LINES, { stateDirectory }), createLog('vmplant', 'error'));
  process.stdout.write(`${JSON.stringify([...reports.values()])}\n`);
  return 0;
}
