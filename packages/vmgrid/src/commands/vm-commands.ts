/** Commands for clients: create, estimate, query, list, configure, suspend, resume, start, renew, destroy. */
import type { ClassAdJson, VmReply } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { readDocument } from '../documents.ts';
import { follow } from '../follow.ts';
import { forEach } from '../for-each.ts';
import { adText } from '../output/ad-text.ts';
import { table } from '../output/output.ts';
import { trailText } from '../output/trail-text.ts';

export function addVmCommands(program: Command, context: CommandContext): void {
  program
    .command('create <document>')
    .description('create a VM from a request document (XML or JSON; - for standard input)')
    .option('--trail', 'also show the trail of the auction')
    .action(async (file: string, options: { trail?: true }) => {
      const { client, output } = context();
      const submitted = await client.submitCreate(await readDocument(file, 'create'));
      const reply = await follow<VmReply>(client, submitted, output.json);
      const trail = options.trail && reply.trail ? `${trailText(reply.trail)}\n\n` : '';
      output.result(reply, () => `${trail}${adText(reply.vm)}`);
    });

  program
    .command('estimate <document>')
    .description('hold the auction of a request without the award')
    .action(async (file: string) => {
      const { client, output } = context();
      const reply = await client.estimate(await readDocument(file, 'estimate'));
      for (const plantId of reply.silentPlants ?? []) output.note(`${plantId} is absent: it was not asked`);
      output.result(reply, () => trailText(reply.trail));
    });

  program
    .command('query <vmId> [attributes...]')
    .description('show the classad of a VM, or some attributes of it')
    .action(async (vmId: string, attributes: string[]) => {
      const { client, output } = context();
      const { vm } = await client.query({ vmId, ...(attributes.length > 0 ? { attributes } : {}) });
      output.result(vm, () => adText(vm));
    });

  program
    .command('list')
    .description('list the VMs of all plants')
    .option('-c, --constraint <expression>', 'only those whose classad makes this ClassAd expression true')
    .action(async (options: { constraint?: string }) => {
      const { client, output } = context();
      const reply = await client.list(options);
      for (const plantId of reply.silentPlants) output.note(silenceText(plantId, reply.vms));
      output.result(reply, () => vmTable(reply.vms));
    });

  program
    .command('configure <vmId> <document>')
    .description('run more actions on a living VM')
    .action(async (vmId: string, file: string) => {
      const { client, output } = context();
      const reply = await client.configure(await readDocument(file, 'configure', { vmId }));
      output.result(reply, () => adText(reply.vm));
    });

  program
    .command('destroy <vmId...>')
    .description('run the destruction DAG of VMs and destroy them')
    .action(async (vmIds: string[]) => {
      const { client, output } = context();
      await forEach(vmIds, output, async (vmId) => {
        const reply = await client.destroy(vmId);
        const { State, DestructionFailureCode: code, DestructionFailureMessage: message } = reply.vm;
        output.result(reply, () => `${vmId} is ${String(State)}`);
        if (code !== undefined) output.note(`${vmId}: ${code}: ${message}`);
      });
    });

  addLifeCommands(program, context);
}

/** Commands that do one thing to each named VM. */
const LIFE = {
  suspend: 'save the memory of running VMs on disk and free their resources',
  resume: 'let suspended VMs continue where they stopped',
  start: 'boot failed and stopped VMs from their own disks',
} as const;

function addLifeCommands(program: Command, context: CommandContext): void {
  for (const verb of ['suspend', 'resume', 'start'] as const) {
    program
      .command(`${verb} <vmId...>`)
      .description(LIFE[verb])
      .action(async (vmIds: string[]) => {
        const { client, output } = context();
        await forEach(vmIds, output, async (vmId) => {
          const reply = await client[verb](vmId);
          output.result(reply, () => `${vmId} is ${String(reply.vm.State)}`);
        });
      });
  }

  program
    .command('renew <vmId> <lease>')
    .description('give a VM a new lease, such as PT4H, which counts from now')
    .option('--shorten', 'even if its present lease ends later')
    .action(async (vmId: string, lease: string, options: { shorten?: true }) => {
      const { client, output } = context();
      const reply = await client.renew(vmId, lease, options);
      output.result(reply, () => `the lease of ${vmId} ends at ${String(reply.vm.LeaseEndsAt)}`);
    });
}

/** Describes a plant that did not answer. */
export function silenceText(plantId: string, vms: readonly ClassAdJson[]): string {
  const told = vms.find(({ Plant, PlantReached }) => Plant === plantId && PlantReached === false);
  if (!told) return `${plantId} did not answer: if it has VMs, they are missing here`;
  return `${plantId} did not answer: its VMs are shown as it told of them last, at ${told.LastToldAt}`;
}

export const vmTable = (vms: readonly ClassAdJson[]): string =>
  table(
    ['vm', 'state', 'plant', 'line', 'memory', 'image', 'cached', 'run', 'ssh', 'lease ends'],
    vms.map((ad) => [
      ...[
        ad.VmId,
        stateText(ad),
        ad.Plant,
        ad.Line,
        `${ad.MemoryMiB} MiB`,
        ad.ImageId,
        ad.ActionsCached,
        ad.ActionsRun,
      ],
      ...[ad.SshPort === undefined ? '' : `${ad.SshHost}:${ad.SshPort}`, ad.LeaseEndsAt],
    ]) as string[][],
  );

/** `?`: the VM's plant did not answer just now. */
const stateText = ({ State, PlantReached }: ClassAdJson): string =>
  PlantReached === false ? `${State}?` : String(State);
