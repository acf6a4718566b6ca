/** Commands for operators: images. */

import { findHome } from '@vmgrid/daemon';
import type { BuildImageReply } from '@vmgrid/protocol';
import { decodeBuildImage } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { readDocument } from '../documents.ts';
import { follow } from '../follow.ts';
import { forEach } from '../for-each.ts';
import { buildBaseImage } from '../local-grid/base-image.ts';
import { builtText, imageTable, imageText } from '../output/image-text.ts';
import { wholeNumber } from '../whole-number.ts';
import { addImageArchiveCommands } from './image-archive-commands.ts';
import { addImageCareCommands } from './image-care-commands.ts';
import { addSuggestCommand } from './suggest-command.ts';

export function addImageCommands(program: Command, context: CommandContext): void {
  const images = program.command('images').description('golden images of the warehouses');

  images
    .command('list')
    .description('list the images that connected plants offer')
    .action(async () => {
      const { client, output } = context();
      const reply = await client.images();
      for (const plantId of reply.silentPlants) output.note(`${plantId} did not answer: its images are missing here`);
      output.result(reply, () => imageTable(reply.images));
    });

  images
    .command('show <image>')
    .description('show one image, by id or tag: machine, history, sizes, lineage, users, hits')
    .action(async (imageId: string) => {
      const { client, output } = context();
      const image = await client.image(imageId);
      output.result(image, () => imageText(image));
    });

  images
    .command('rm <image...>')
    .description('remove images that nothing uses')
    .action(async (imageIds: string[]) => {
      const { client, output } = context();
      await forEach(imageIds, output, async (imageId) => {
        await client.removeImage(imageId);
        output.result({ imageId, removed: true }, () => `${imageId} removed`);
      });
    });

  images
    .command('build <document>')
    .description('build a golden image of the machine and DAG of a create request')
    .option('--plant <plantId>', 'on this plant (else the one that would be ready soonest)')
    .action(async (file: string, options: { plant?: string }) => {
      const { client, output } = context();
      const { machine, dag, requestId } = await readDocument(file, 'create');
      const request = decodeBuildImage({
        ...{ machine, dag },
        ...(requestId === undefined ? {} : { requestId }),
        ...(options.plant === undefined ? {} : { plantId: options.plant }),
      });
      const reply = await follow<BuildImageReply>(client, () => client.submitBuildImage(request), output);
      output.result(reply, () => builtText(reply));
    });

  images
    .command('build-base')
    .description('build a base image from Debian packages on this machine')
    .option('--os <name>', 'debian-12, debian-13, or tiny-1 (busybox; no packages)', 'debian-12')
    .option('--warehouse <folder>', 'warehouse to put it into (else that of the grid of this machine)')
    .option('--disk-mib <size>', 'size of its disk in MiB (else what suits the system)', wholeNumber(1))
    .action(async (options: { os: string; warehouse?: string; diskMib?: number }) => {
      const { output, environment } = context();
      const built = await buildBaseImage(
        {
          os: options.os,
          warehouse: options.warehouse ?? findHome(environment).warehouse,
          ...(options.diskMib === undefined ? {} : { diskMiB: options.diskMib }),
        },
        output.json,
      );
      output.result(built, () => `${built.built ? 'Built' : 'There is already'} ${built.imageId}`);
    });

  addImageCareCommands(images, context);
  addImageArchiveCommands(images, context);
  addSuggestCommand(images, context);
}
