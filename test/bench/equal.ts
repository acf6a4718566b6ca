/**
 * The law of true reuse over a corpus of DAGs: every guest got from an image against one made cold. `VMGRID_EQUAL` is a
 * pattern: only documents whose names match are looked at. `VMGRID_EQUAL_LINES` names the lines, with commas between;
 * left out, all that run on a host. `LIBVIRT_DEFAULT_URI` names the libvirt to use, as for virsh; left out, one is
 * started for the run.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import { HOST_LINES } from '@vmgrid/lines';
import { decodeBuildImage, type EqualityReply, type EqualityReport, ShopClient } from '@vmgrid/protocol';
import { readDocument } from '../../packages/vmgrid/src/documents.ts';
import { followToEnd } from '../../packages/vmgrid/src/follow.ts';
import { buildBaseImage } from '../../packages/vmgrid/src/local-grid/base-image.ts';
import { type Grid, startGrid } from '../../packages/vmgrid/src/local-grid/grid.ts';
import { startLibvirtd } from '../support/hosts/private-libvirtd.ts';
import type { BenchSuite } from './suite.ts';

/** The most that are printed of one document. */
const DIFFERENCES_SAID = 60;

const DOCUMENTS = join(import.meta.dirname, 'equal');

interface EqualResult {
  readonly dags: number;
  readonly ways: number;
  readonly differences: number;
  /** Those on which the machines were made: a line that does not work here has no ways. */
  readonly lines: readonly string[];
}

export const suite: BenchSuite<EqualResult> = {
  async run(say) {
    const wanted = new RegExp(process.env.VMGRID_EQUAL ?? '.');
    const names = (await readdir(DOCUMENTS)).filter((name) => wanted.test(name)).sort();
    const home = findHome(process.env);
    const orders = new Map<string, CreateOrder>();
    for (const name of names) orders.set(name, await readDocument(join(DOCUMENTS, name), 'create'));
    const systems = new Set([...orders.values()].map(({ machine }) => machine.os));
    for (const os of systems) await buildBaseImage({ os, warehouse: home.warehouse }, true);
    mkdirSync(join(home.root, 'bench'), { recursive: true });
    const directory = mkdtempSync(join(home.root, 'bench', 'equal-'));
    chmodSync(directory, 0o755);
    const options = { directory, warehouse: home.warehouse, plants: 1, httpPort: 0, xmlPort: 0, logLevel: 'error' };
    const lines = process.env.VMGRID_EQUAL_LINES?.split(',') ?? HOST_LINES;
    const libvirtd = lines.includes('libvirt') && !process.env.LIBVIRT_DEFAULT_URI ? await startLibvirtd() : undefined;
    const uri = libvirtd?.uri ?? process.env.LIBVIRT_DEFAULT_URI;
    const plantConfig = { guestNetwork: 'outbound', lines, ...(uri && { libvirt: { uri } }) };
    let grid: Grid | undefined;
    try {
      grid = await startGrid({ ...options, plantConfig }, new AbortController().signal);
      const client = new ShopClient(grid.shopUrl, { token: grid.token });
      const sum = { dags: 0, ways: 0, differences: 0 };
      const seen = new Set<string>();
      for (const [name, order] of orders) {
        const { plants } = await compare(client, order);
        sum.dags += 1;
        for (const report of plants) {
          sum.ways += report.ways.length;
          sum.differences += report.differences.length;
          for (const { line } of report.ways) seen.add(line);
          tell(name, report, say);
        }
      }
      return { ...sum, lines: [...seen].sort() };
    } finally {
      await grid?.stop();
      await libvirtd?.close();
      rmSync(directory, { recursive: true });
    }
  },
  describe: ({ dags, ways, differences, lines }) =>
    `${dags} DAGs   ${ways} ways on ${lines.join(', ')}   ${differences} differences`,
};

type CreateOrder = Awaited<ReturnType<typeof readDocument<'create'>>>;

async function compare(client: ShopClient, { machine, dag }: CreateOrder): Promise<EqualityReply> {
  return followToEnd<EqualityReply>(client, await client.submitVerifyEqual(decodeBuildImage({ machine, dag })), true);
}

function tell(name: string, { ways, lost, differences }: EqualityReport, say: (text: string) => void): void {
  say(`${name}: ${ways.length} ways, ${differences.length} differences`);
  for (const way of ways) say(`  ${way.name}`);
  for (const { actionId, items } of lost) say(`  a boot loses of ${actionId}: ${items.join(', ')}`);
  for (const difference of differences.slice(0, DIFFERENCES_SAID)) say(`  ${JSON.stringify(difference)}`);
}
