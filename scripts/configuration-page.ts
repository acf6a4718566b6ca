/** The page that describes every field of the daemons' configurations, out of their schemas. */
import { BrokerConfig } from '@vmgrid/vmbroker';
import { PlantConfig } from '@vmgrid/vmplant';
import { ShopConfig } from '@vmgrid/vmshop';
import { kindOf, type Schema, unitOf } from './describe-field.ts';

const COLUMNS = 120;

const CONFIGS: object = { vmshop: ShopConfig, vmbroker: BrokerConfig, vmplant: PlantConfig };
const DAEMONS = CONFIGS as Readonly<Record<string, Schema>>;

const HEAD = `# Configuration

<!-- Written by \`npm run schemas\` from the schemas in the code. Do not edit: a test compares the two. -->

Each daemon reads one JSON file: \`vmshop --config shop.json\`, \`vmbroker --config broker.json\`,
\`vmplant --config plant.json\`. A field that is left out has its default. An unknown field or a wrong value keeps the
daemon from starting: \`CONFIG_INVALID\` names the field. A change takes effect when the daemon is started again; only
certificate files and the list of revoked certificates are read again while it runs.

A dot separates a field from the object that it stands in: \`capacity.vms\` is \`{ "capacity": { "vms": 64 } }\`.
Durations are ISO 8601, such as \`PT30S\`, \`PT4H\` or \`P7D\`; 1 MiB is 1,048,576 bytes. What is **required** in an
object that may be left out is required when the object is there. The same as JSON Schema:
[vmshop](../schemas/vmshop-configuration.json), [vmbroker](../schemas/vmbroker-configuration.json),
[vmplant](../schemas/vmplant-configuration.json).
`;

/** `docs/configuration.md`. @throws when a field has no description */
export function configurationPage(): string {
  const [first, ...others] = Object.values(DAEMONS);
  const shared = Object.entries(first!.properties!).filter(([name, field]) =>
    others.every(({ properties }) => isSame(properties![name], field)),
  );
  const sharedNames = new Set(shared.map(([name]) => name));
  const own = Object.entries(DAEMONS).map(([daemon, schema]) => {
    const fields = Object.entries(schema.properties!).filter(([name]) => !sharedNames.has(name));
    return sectionOf(`\`${daemon}\``, fields, schema);
  });
  return [HEAD, ...own, sectionOf('Every daemon', shared, first!)].join('\n');
}

const isSame = (one: Schema | undefined, other: Schema): boolean => JSON.stringify(one) === JSON.stringify(other);

const sectionOf = (title: string, fields: readonly [string, Schema][], owner: Schema): string =>
  `## ${title}\n\n${linesOf(fields, owner, '').join('\n')}\n`;

function linesOf(fields: readonly [string, Schema][], owner: Schema, prefix: string): readonly string[] {
  return fields.flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const isRequired = owner.required?.includes(name) === true;
    const below = linesOf(Object.entries(field.properties ?? {}), field, `${path}.`);
    return [entryOf(path, field, isRequired), ...below];
  });
}

function entryOf(path: string, field: Schema, isRequired: boolean): string {
  if (field.description === undefined) throw new Error(`the field ${path} of a configuration has no description`);
  const facts = [kindOf(field), unitOf(path, field), defaultOf(field, isRequired)].filter((fact) => fact !== '');
  return wrap(`* \`${path}\` (${facts.join('; ')}): ${field.description}`);
}

function defaultOf(field: Schema, isRequired: boolean): string {
  if (field.default !== undefined) return `default \`${JSON.stringify(field.default)}\``;
  return isRequired ? '**required**' : 'no default';
}

/** Words in lines of at most so many columns; what follows the first is indented, as in a list. */
function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
    if (longer.length <= COLUMNS) lines[lines.length - 1] = longer;
    else lines.push(`  ${word}`);
  }
  return lines.join('\n');
}
