/** Commands that carry images from one warehouse to another. They work on a warehouse folder of this machine. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { findHome } from '../home.ts';
import { mib } from '../image-text.ts';
import { runPlantProgram } from '../plant-program.ts';

interface ImportOptions {
  readonly warehouse?: string;
  readonly keepMemory?: boolean;
  readonly quotaMib?: string;
}

interface ImportedImage {
  readonly imageId: string;
  readonly archivedId: string;
  readonly imported: boolean;
  readonly diskOnly?: string;
}

export function addImageArchiveCommands(images: Command, context: CommandContext): void {
  images
    .command('export <image> <file>')
    .description('write an image, and all below it, to one file; by id or tag, from a warehouse of this machine')
    .option('--warehouse <folder>', 'warehouse to take it from (else that of the grid of this machine)')
    .action(async (image: string, file: string, options: { warehouse?: string }) => {
      const { output, environment } = context();
      const warehouse = options.warehouse ?? findHome(environment).warehouse;
      const args = ['export', '--warehouse', warehouse, '--image', image, '--file', file];
      const result = await runPlantProgram(args, { json: output.json, failure: 'INTERNAL' });
      output.result(
        result,
        () => `${result.imageId} and what it stands on are in ${file}: ${mib(Number(result.bytes))}`,
      );
    });

  images
    .command('import <file>')
    .description('put the images of an exported file into a warehouse of this machine')
    .option('--warehouse <folder>', 'warehouse to put them into (else that of the grid of this machine)')
    .option(
      '--keep-memory',
      'keep the memory of images that this host cannot restore, for other hosts of the warehouse',
    )
    .option('--quota-mib <size>', 'refuse what would make the warehouse take more than this')
    .action(async (file: string, options: ImportOptions) => {
      const { output, environment } = context();
      const home = findHome(environment);
      const args = ['import', '--file', file, '--warehouse', options.warehouse ?? home.warehouse];
      args.push('--state', join(home.root, 'import'));
      if (options.keepMemory) args.push('--keep-memory');
      if (options.quotaMib !== undefined) args.push('--quota-mib', options.quotaMib);
      const result = await runPlantProgram(args, { json: output.json, failure: 'INTERNAL' });
      output.result(result, () => (result.images as ImportedImage[]).map(importedText).join('\n'));
    });
}

function importedText({ imageId, archivedId, imported, diskOnly }: ImportedImage): string {
  const name = imageId === archivedId ? imageId : `${imageId} (${archivedId} in the file)`;
  const memory = diskOnly === undefined ? '' : `, without its memory: ${diskOnly}`;
  return `${name} ${imported ? 'imported' : 'was there'}${memory}`;
}
