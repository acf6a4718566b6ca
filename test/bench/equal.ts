/**
 * The law of true reuse over a corpus of DAGs: every guest got from an image against one made cold. `VMGRID_EQUAL` is a
 * pattern: only documents whose names match are looked at. `VMGRID_EQUAL_LINES` names the lines, with commas between;
 * left out, all that run on a host. With `VMGRID_EQUAL_CLOUD=1` the documents of Debian stand on an imported cloud
 * image: libvirt starts no other. `LIBVIRT_DEFAULT_URI` names the libvirt to use, as for virsh; left out, one is
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
import { runPlantProgram } from '../../packages/vmgrid/src/local-grid/plant-program.ts';
import { cloudImage } from '../support/hosts/cloud-image.ts';
import { startLibvirtd } from '../support/hosts/private-libvirtd.ts';
import type { BenchSuite } from './suite.ts';

/** Of one document. */
const DIFFERENCES_SAID = 60;

const DEBIAN = 'debian-12';
const CLOUD = 'debian-12-cloud';
/** What a cloud image needs to boot with cloud-init. */
const CLOUD_SIZE = { memoryMiB: 512, diskMiB: 2_048 } as const;

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
    const orders = new Map<string, CreateOrder>();
    for (const name of names) orders.set(name, await orderIn(name));
    const systems = new Set([...orders.values()].map(({ machine }) => machine.os));
    for (const os of systems) await makeBase(os, home.warehouse);
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
      for (const [name, order] of orders) {
        const { plants } = await compare(client, order);
        sum.dags += 1;
        for (const report of plants) {
          sum.ways += report.ways.length;
          sum.differences += report.differences.length;
          tell(name, report, say);
        }
      }
      return sum;
    } finally {
      await grid?.stop();
      await libvirtd?.close();
      rmSync(directory, { recursive: true });
    }
  },
  describe: ({ dags, ways, differences }) => `${dags} DAGs   ${ways} ways   ${differences} differences`,
};

async function orderIn(name: string): Promise<CreateOrder> {
  const { machine, dag, ...order } = await readDocument(join(DOCUMENTS, name), 'create');
  const isMoved = process.env.VMGRID_EQUAL_CLOUD === '1' && machine.os === DEBIAN;
  return { ...order, dag, machine: isMoved ? { ...machine, os: CLOUD, ...CLOUD_SIZE } : machine };
}

async function makeBase(os: string, warehouse: string): Promise<void> {
  if (os !== CLOUD) return void (await buildBaseImage({ os, warehouse }, true));
  const order = ['--file', await cloudImage(), '--os', os, '--warehouse', warehouse, '--memory-mib', '256'];
  await runPlantProgram(['import-cloud', ...order], { json: true, failure: 'BASE_BUILD_FAILED' });
}

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
