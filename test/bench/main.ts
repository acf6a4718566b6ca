/**
 * `npm run bench -- SUITE [--json] [options of the suite]`: measures, never asserts. Each suite measures the bare floor
 * in the same run.
 */
import { parseArgs } from 'node:util';
import type { BenchOptions, BenchSuite } from './suite.ts';

/** Suites by name; each is loaded only when it runs. */
const SUITES: Readonly<Record<string, () => Promise<{ readonly suite: BenchSuite }>>> = {
  age: () => import('./age.ts'),
  hits: () => import('./hits.ts'),
  clone: () => import('./clone.ts'),
  create: () => import('./create.ts'),
  classad: () => import('./classad.ts'),
  equal: () => import('./equal.ts'),
  faults: () => import('./faults.ts'),
  match: () => import('./match.ts'),
  fuzz: () => import('./fuzz.ts'),
  market: () => import('./market.ts'),
  uml: () => import('./uml.ts'),
};

const [name = '', ...rest] = process.argv.slice(2);
const load = SUITES[name];
if (!load) {
  process.stderr.write(`there is no suite ${name || '(none named)'}; there are: ${Object.keys(SUITES).join(', ')}\n`);
  process.exit(2);
}
const { suite } = await load();
const options = Object.fromEntries((suite.options ?? []).map((option) => [option, { type: 'string' as const }]));
const { values } = parseArgs({ args: rest, options: { ...options, json: { type: 'boolean' } } });
const { json, ...given } = values as { readonly json?: boolean } & BenchOptions;
const result = await suite.run((text) => process.stderr.write(`${text}\n`), given);
process.stdout.write(`${json ? JSON.stringify(result) : suite.describe(result)}\n`);
process.exit();
