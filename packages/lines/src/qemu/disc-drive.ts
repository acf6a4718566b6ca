import { chown } from 'node:fs/promises';
import { DEVICES } from './command-line.ts';
import type { QmpClient } from './qmp/qmp-client.ts';

/** Puts a disc, which QEMU's user is allowed to read, into the drive, or ejects the present one. */
export async function changeDisc(
  monitor: QmpClient,
  { path, uid }: { readonly path: string | undefined; readonly uid: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  if (path === undefined) {
    await monitor.execute('eject', { id: DEVICES.disc, force: true }, { signal });
    return;
  }
  if (uid !== undefined) await chown(path, uid, uid);
  const medium = { id: DEVICES.disc, filename: path, format: 'raw', force: true, 'read-only-mode': 'read-only' };
  await monitor.execute('blockdev-change-medium', medium, { signal });
}
