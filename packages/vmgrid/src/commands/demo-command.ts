/** `vmgrid demo`: the main job from end to end on this machine, on a real hypervisor. */
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { runDemo } from '../demo.ts';
import { stopSignal } from '../stop-signal.ts';

export function addDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('publish a golden image for A→B, create A→{B,C}→D over it, query it, destroy it')
    .action(async () => {
      const { output, environment } = context();
      const home = findHome(environment);
      const { signal } = stopSignal();
      await runDemo({ warehouse: home.warehouse, directory: join(home.root, 'demo'), json: output.json, signal });
    });
}
