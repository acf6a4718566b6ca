/**
 * The law of true reuse over a corpus of DAGs: every guest got from an image against one made cold, on every line of
 * this host. `VMGRID_EQUAL` is a pattern: only documents whose names match are looked at.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import { decodeBuildImage, type EqualityReply, ShopClient } from '@vmgrid/protocol';
import { readDocument } from '../../packages/vmgrid/src/documents.ts';
import { followToEnd } from '../../packages/vmgrid/src/follow.ts';
import { buildBaseImage } from '../../packages/vmgrid/src/local-grid/base-image.ts';
import { startGrid } from '../../packages/vmgrid/src/local-grid/grid.ts';
import type { BenchSuite } from './suite.ts';

const DOCUMENTS = join(import.meta.dirname, 'equal');

interface EqualResult {
  readonly dags: number;
  readonly ways: number;
  readonly differences: number;
}

export const suite: BenchSuite<EqualResult> = {
  async run(say) {
    const wanted = new RegExp(process.env.VMGRID_EQUAL ?? '.');
    const names = (await readdir(DOCUMENTS)).filter((name) => wanted.test(name)).sort();
    const home = findHome(process.env);
    await buildBaseImage({ os: 'debian-12', warehouse: home.warehouse }, true);
    mkdirSync(join(home.root, 'bench'), { recursive: true });
    const directory = mkdtempSync(join(home.root, 'bench', 'equal-'));
    chmodSync(directory, 0o755);
    const options = { directory, warehouse: home.warehouse, plants: 1, httpPort: 0, xmlPort: 0, logLevel: 'error' };
    const plantConfig = { guestNetwork: 'outbound' };
    const grid = await startGrid({ ...options, plantConfig }, new AbortController().signal);
    try {
      const client = new ShopClient(grid.shopUrl, { token: grid.token });
      const sum = { dags: 0, ways: 0, differences: 0 };
      for (const name of names) {
        const { plants } = await compare(client, join(DOCUMENTS, name));
        sum.dags += 1;
        for (const { ways, differences } of plants) {
          sum.ways += ways.length;
          sum.differences += differences.length;
          say(`${name}: ${ways.length} ways, ${differences.length} differences`);
          for (const difference of differences.slice(0, 20)) say(`  ${JSON.stringify(difference)}`);
        }
      }
      return sum;
    } finally {
      await grid.stop();
      rmSync(directory, { recursive: true });
    }
  },
  describe: ({ dags, ways, differences }) => `${dags} DAGs   ${ways} ways   ${differences} differences`,
};

async function compare(client: ShopClient, document: string): Promise<EqualityReply> {
  const { machine, dag } = await readDocument(document, 'create');
  return followToEnd<EqualityReply>(client, await client.submitVerifyEqual(decodeBuildImage({ machine, dag })), true);
}
