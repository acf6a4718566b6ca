import { findHome } from '@vmgrid/daemon';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { examineHost, type Findings } from '../doctor/doctor.ts';
import { outColours } from '../output/colours.ts';
import { table } from '../output/output.ts';

export function addDoctorCommand(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('show what this machine has, what it enables, and how to get what is missing')
    .action(async () => {
      const { output, environment, client } = context();
      const findings = await examineHost(findHome(environment), client);
      output.result(findings, () => findingsText(findings));
      if (!findings.healthy) process.exitCode = 1;
    });
}

function findingsText({ tools, lines, limits, images, folders, memory }: Findings): string {
  const toolRows = tools.map(({ program, version, enables, debian, optional }) =>
    version === undefined
      ? [optional ? '–' : outColours.red('✗'), program, 'missing', enables, `apt-get install ${debian}`]
      : [outColours.green('✓'), program, version, enables, ''],
  );
  const lineRows = lines.map(({ line, available, restores, reason, compatibility }) => [
    available ? outColours.green('✓') : outColours.red('✗'),
    line,
    available ? `${compatibility.accelerator} on ${compatibility.vmm} ${compatibility.vmmVersion}` : 'not available',
    restores ? 'clones from suspended memory' : 'boots only',
    reason,
  ]);
  return [
    table(['', 'tool', 'version', 'enables', 'how to get it'], toolRows),
    table(['', 'line', 'runs with', 'start', 'note'], lineRows),
    `limits: ${limits.note}`,
    `images: ${images.note}`,
    `folders: ${folders.note}`,
    ...memoryText(memory),
  ].join('\n\n');
}

function memoryText({ daemons, shop }: Findings['memory']): string[] {
  if (daemons.length === 0) return ['no daemons run here'];
  const rows = daemons.map((one) => [one.daemon, one.pid, one.residentMiB, one.peakMiB, one.heapLimitMiB ?? "Node's"]);
  const heap = shop && `the shop has used ${shop.heapUsedMiB} MiB of a heap that may grow to ${shop.heapLimitMiB} MiB`;
  return [table(['daemon', 'pid', 'MiB now', 'at most', 'heap limit MiB'], rows), ...(heap ? [heap] : [])];
}
