/** Writes the JSON Schemas of every message and configuration into `schemas/`: `npm run schemas`. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MESSAGE_SCHEMAS, type SchemaFile } from '@vmgrid/protocol';
import { BrokerConfig } from '@vmgrid/vmbroker';
import { PlantConfig } from '@vmgrid/vmplant';
import { ShopConfig } from '@vmgrid/vmshop';
import { Manifest } from '@vmgrid/warehouse';

const FOLDER = join(import.meta.dirname, '../schemas');

/** Every file of `schemas/`: what crosses a wire, what configures a daemon, what lies in a warehouse. */
export const SCHEMA_FILES: readonly SchemaFile[] = [
  ...MESSAGE_SCHEMAS,
  { name: 'vmshop-configuration', title: 'Configuration of a VMShop', schema: ShopConfig },
  { name: 'vmbroker-configuration', title: 'Configuration of a VMBroker', schema: BrokerConfig },
  { name: 'vmplant-configuration', title: 'Configuration of a VMPlant', schema: PlantConfig },
  { name: 'image-manifest', title: 'Manifest of a golden image', schema: Manifest },
];

export function schemaText({ name, title, schema }: SchemaFile): string {
  const { type, ...rest } = schema as { type?: unknown };
  const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `${name}.json`, title };
  return `${JSON.stringify({ ...head, type, ...rest }, null, 2)}\n`;
}

function writeAll(): void {
  const names = new Set(SCHEMA_FILES.map(({ name }) => `${name}.json`));
  for (const file of readdirSync(FOLDER)) if (file.endsWith('.json') && !names.has(file)) rmSync(join(FOLDER, file));
  for (const file of SCHEMA_FILES) writeFileSync(join(FOLDER, `${file.name}.json`), schemaText(file));
}

if (import.meta.main) writeAll();
