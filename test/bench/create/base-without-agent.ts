/** A warehouse whose base says that it has no resident agent: its machines are made as those of clouds' images are. */
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAYOUT_WITHOUT_AGENT } from '@vmgrid/lines';
import { Warehouse } from '@vmgrid/warehouse';

const MANIFEST = 'manifest.json';

export interface BaseLink {
  /** Folders of warehouses. */
  readonly from: string;
  readonly to: string;
  readonly imageId: string;
  /** In place of its own. */
  readonly layouts: readonly string[] | undefined;
}

/** Puts a base image into a new warehouse. */
export async function linkBase({ from, to, imageId, layouts }: BaseLink): Promise<void> {
  await Warehouse.open(to);
  const [source, target] = [join(from, 'images', imageId), join(to, 'images', imageId)];
  mkdirSync(target, { mode: 0o755 });
  for (const name of readdirSync(source)) if (name !== MANIFEST) linkSync(join(source, name), join(target, name));
  const manifest = JSON.parse(readFileSync(join(source, MANIFEST), 'utf8'));
  const boot = { ...manifest.boot, layouts: layouts ?? manifest.boot.layouts };
  writeFileSync(join(target, MANIFEST), JSON.stringify({ ...manifest, boot }));
}

export const WITHOUT_AGENT = [LAYOUT_WITHOUT_AGENT];
