/**
 * The demonstration, step by step: base image, shop and two plants, a golden image for A→B, an auction for A→{B,C}→D
 * which that image must serve, the classad, a query, and the end of the VM with its destruction DAG. At the end nothing
 * is left running.
 */
import {
  type BuildImageReply,
  type CreateRequest,
  decodeBuildImage,
  decodeCreate,
  GridError,
  ShopClient,
  type VmReply,
} from '@vmgrid/protocol';
import { followToEnd } from './follow.ts';
import { buildBaseImage } from './local-grid/base-image.ts';
import { startGrid } from './local-grid/grid.ts';
import { adText, valueText } from './output/ad-text.ts';
import { errColours, outColours } from './output/colours.ts';
import { createOutput, duration, type Output } from './output/output.ts';
import { trailText } from './output/trail-text.ts';

export interface DemoOptions {
  readonly warehouse: string;
  readonly directory: string;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

const MACHINE = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 } as const;

const ACTION_A = { id: 'A', kind: 'script', script: 'useradd --create-home arijit' } as const;
const ACTION_B = {
  id: 'B',
  kind: 'file',
  path: '/home/arijit/application.conf',
  owner: 'arijit',
  mode: '0640',
  content: 'solver = "ch3d"\n',
} as const;
const ACTION_C = {
  id: 'C',
  kind: 'script',
  script: 'mkdir -p /srv/results && chown arijit /srv/results',
} as const;
const ACTION_D = {
  id: 'D',
  kind: 'script',
  script:
    'runuser -u arijit -- touch /srv/results/ready\necho "Workspace = \\"/srv/results on $(hostname)\\"" >>"$VMGRID_ATTRIBUTES"',
} as const;

const GOLDEN = { machine: MACHINE, dag: { actions: [ACTION_A, ACTION_B], edges: [{ from: 'A', to: 'B' }] } };

const REQUEST = {
  lease: 'PT15M',
  machine: MACHINE,
  requirements: 'TARGET.FreeMemoryMiB >= 256',
  rank: '-TARGET.LoadAverage',
  dag: {
    actions: [ACTION_A, ACTION_B, ACTION_C, ACTION_D],
    edges: [
      { from: 'A', to: 'B' },
      { from: 'A', to: 'C' },
      { from: 'B', to: 'D' },
      { from: 'C', to: 'D' },
    ],
  },
  destruction: {
    actions: [{ id: 'farewell', kind: 'script', script: 'test -f /srv/results/ready && sync' }],
  },
};

export async function runDemo(options: DemoOptions): Promise<void> {
  const output = createOutput(options.json);
  const heading = (text: string) => output.note(`\n${errColours.bold(text)}`);

  heading('1. A base image of Debian 12 (built once, from Debian packages)');
  const base = await buildBaseImage({ os: 'debian-12', warehouse: options.warehouse }, options.json);
  output.note(`${base.built ? 'Built' : 'There is'} ${base.imageId}`);

  heading('2. A shop and two plants');
  const grid = await startGrid({ ...options, plants: 2, httpPort: 0, xmlPort: 0, logLevel: 'warn' }, options.signal);
  output.note(`The shop is open at ${grid.shopUrl}; plants: ${grid.plantIds.join(', ')}`);
  const client = new ShopClient(grid.shopUrl, { token: grid.token });
  try {
    await Promise.race([mainJob(client, { output, heading, signal: options.signal }), grid.broken]);
  } finally {
    await destroyAll(client).catch((error) => output.note(`some VMs may be left: ${error.message}`));
    await grid.stop();
  }
}

/**
 * Checks for an interruption between steps only: a VM that is being made would appear when nobody is left to destroy
 * it.
 */
function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new GridError('CANCELLED', 'the demonstration was interrupted');
}

/** Destroys the VMs that an interrupted demonstration left. */
async function destroyAll(client: ShopClient): Promise<void> {
  const { vms } = await client.list({ constraint: 'State == "running" || State == "failed"' });
  for (const { VmId } of vms) await client.destroy(String(VmId));
}

interface Stage {
  readonly output: Output;
  readonly heading: (text: string) => void;
  readonly signal: AbortSignal;
}

async function mainJob(client: ShopClient, { output, heading, signal }: Stage): Promise<void> {
  heading('3. A golden image for A→B: clone the nearest, run the rest, suspend, promote');
  const golden = await buildGolden(client, output.json);
  output.note(`${golden.built ? 'Built' : 'There is'} ${golden.image.imageId}`);

  throwIfInterrupted(signal);
  heading('4. A request for A→{B,C}→D');
  const startedAt = performance.now();
  const { vm, trail } = await create(client, decodeCreate(REQUEST), output.json);
  const totalMs = Math.round(performance.now() - startedAt);
  if (trail === undefined) throw new GridError('INTERNAL', 'the reply to create has no trail');
  output.note(`${trailText(trail)}\n\n${adText(vm)}`);
  if (vm.ImageId !== golden.image.imageId) {
    throw new GridError('INTERNAL', `the VM was cloned from ${String(vm.ImageId)}, not from ${golden.image.imageId}`);
  }

  const vmId = String(vm.VmId);
  try {
    throwIfInterrupted(signal);
    heading('5. An attribute that action D set');
    const { vm: queried } = await client.query({ vmId, attributes: ['Workspace'] });
    output.note(`Workspace = ${valueText(queried.Workspace)}`);
  } finally {
    heading('6. Destroy: the destruction DAG runs, then the VM goes');
    const { vm: last } = await client.destroy(vmId);
    output.note(`${vmId} is ${String(last.State)}`);
  }

  const result = {
    vmId,
    imageId: vm.ImageId,
    line: vm.Line,
    actionsCached: vm.ActionsCached,
    actionsRun: vm.ActionsRun,
    phasesMs: vm.PhasesMs,
    totalMs,
    bids: trail.answers.map(({ plantId, outcome, cost, plan }) => ({ plantId, outcome, cost, plan })),
  };
  output.result(
    result,
    () =>
      `\n${outColours.green('Done')}: ${vm.ActionsCached} actions came with the image, ${vm.ActionsRun} were run; ready in ${duration(totalMs)}.`,
  );
}

async function buildGolden(client: ShopClient, json: boolean): Promise<BuildImageReply> {
  return followToEnd(client, await client.submitBuildImage(decodeBuildImage(GOLDEN)), json);
}

async function create(client: ShopClient, request: CreateRequest, json: boolean): Promise<VmReply> {
  return followToEnd(client, await client.submitCreate(request), json);
}
