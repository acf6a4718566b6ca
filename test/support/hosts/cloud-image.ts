import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../../packages/daemon/src/index.ts';
import { testHome } from '../grids/test-warehouse.ts';

const SCRIPT = join(import.meta.dirname, 'make-cloud-image.sh');
/** Packages are fetched and installed. */
export const MAKE_CLOUD_IMAGE_MS = 600_000;

/** A disk image as clouds use them, made at the first call on this machine: as root, in a minute or two. */
export async function cloudImage(): Promise<string> {
  const digest = createHash('sha256').update(await readFile(SCRIPT));
  const file = join(testHome(), `cloud-${digest.digest('hex').slice(0, 12)}.qcow2`);
  if (!existsSync(file)) await runCommand('sh', [SCRIPT, file], { timeoutMs: MAKE_CLOUD_IMAGE_MS });
  return file;
}
