import { chown } from 'node:fs/promises';
import { DEVICES } from './command-line.ts';
import type { QmpClient } from './qmp/qmp-client.ts';

/** Puts a disc into the drive, which QEMU's user is given it for, or takes out what is in it. */
export async function changeDisc(
  monitor: QmpClient,
  path: string | undefined,
  uid: number | undefined,
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
