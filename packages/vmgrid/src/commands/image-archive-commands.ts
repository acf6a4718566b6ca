/**
 * Commands that copy images between warehouses: a folder of this machine, or the warehouse of a plant with an endpoint.
 */
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import { ArchiveClient, type ImportImagesReply } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { downloadImage, uploadImages } from '../image-transfer.ts';
import { runPlantProgram } from '../local-grid/plant-program.ts';
import { mib } from '../output/image-text.ts';

interface ImportOptions {
  readonly warehouse?: string;
  readonly keepMemory?: boolean;
  readonly quotaMib?: string;
  readonly plant?: string;
}

type ImportedImage = ImportImagesReply['images'][number];

export function addImageArchiveCommands(images: Command, context: CommandContext): void {
  images
    .command('export <image> <file>')
    .description('write an image, and all below it, to one file; by id or tag')
    .option('--plant <url>', 'take it from the plant with this endpoint (else from a warehouse of this machine)')
    .option('--warehouse <folder>', 'warehouse to take it from (else that of the grid of this machine)')
    .action(async (image: string, file: string, options: { warehouse?: string; plant?: string }) => {
      const { output, environment, connect } = context();
      const told = (bytes: number) => `${image} and what it stands on are in ${file}: ${mib(bytes)}`;
      if (options.plant !== undefined) {
        const plant = new ArchiveClient(options.plant, connect(options.plant));
        const bytes = await downloadImage(plant, { image, file, json: output.json });
        return output.result({ image, bytes }, () => told(bytes));
      }
      const warehouse = options.warehouse ?? findHome(environment).warehouse;
      const args = ['export', '--warehouse', warehouse, '--image', image, '--file', file];
      const result = await runPlantProgram(args, { json: output.json, failure: 'INTERNAL' });
      output.result(result, () => told(Number(result.bytes)));
    });

  images
    .command('import-cloud <file>')
    .description(
      'put a disk image made for clouds into a warehouse, as a base image: raw, qcow2, VMDK, VDI, VHD or VHDX, ' +
        'also compressed by xz, gzip or zstd; it must boot from a BIOS',
    )
    .requiredOption('--os <name>', 'operating system that requests will name, such as ubuntu-24.04')
    .option('--warehouse <folder>', 'warehouse to put it into (else that of the grid of this machine)')
    .option('--memory-mib <size>', 'least memory that it boots with', '256')
    .action(async (file: string, options: { os: string; warehouse?: string; memoryMib: string }) => {
      const { output, environment } = context();
      const warehouse = options.warehouse ?? findHome(environment).warehouse;
      const args = ['import-cloud', '--file', file, '--os', options.os, '--warehouse', warehouse];
      args.push('--memory-mib', options.memoryMib);
      const result = await runPlantProgram(args, { json: output.json, failure: 'BASE_BUILD_FAILED' });
      output.result(result, () => `${result.built ? 'Imported' : 'There is already'} ${result.imageId}`);
    });

  images
    .command('import <file>')
    .description('put the images of an exported file into a warehouse')
    .option('--plant <url>', 'that of the plant with this endpoint (else one of this machine)')
    .option('--warehouse <folder>', 'warehouse to put them into (else that of the grid of this machine)')
    .option(
      '--keep-memory',
      'keep the memory of images that this host cannot restore, for other hosts of the warehouse',
    )
    .option('--quota-mib <size>', 'refuse what would make the warehouse take more than this')
    .action(async (file: string, options: ImportOptions) => {
      const { output, environment, connect } = context();
      const { plant, keepMemory = false } = options;
      if (plant !== undefined) {
        const reply = await uploadImages(new ArchiveClient(plant, connect(plant)), file, {
          keepMemory,
          json: output.json,
        });
        return output.result(reply, () => reply.images.map(importedText).join('\n'));
      }
      const home = findHome(environment);
      const args = ['import', '--file', file, '--warehouse', options.warehouse ?? home.warehouse];
      args.push('--state', join(home.root, 'import'));
      if (keepMemory) args.push('--keep-memory');
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
