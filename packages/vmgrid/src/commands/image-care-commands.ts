/** Commands for operators who look after images: compare, verify, label, make room. */
import {
  type CollectImagesReply,
  GridError,
  IDENTITY_FAULT,
  type LabelImageRequest,
  type VerifyImagesReply,
} from '@vmgrid/protocol';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { follow } from '../follow.ts';
import { collectionText, diffText, treesOf, treeText, verifyText } from '../output/image-text.ts';
import { wholeNumber } from '../whole-number.ts';
import { verifyEqual } from './verify-equal.ts';

interface VerifyOptions {
  readonly identity?: boolean;
  readonly equal?: string;
}

export function addImageCareCommands(images: Command, context: CommandContext): void {
  images
    .command('tree')
    .description('draw which image stands on which, and the actions each adds')
    .action(async () => {
      const { client, output } = context();
      const reply = await client.images();
      for (const plantId of reply.silentPlants) output.note(`${plantId} did not answer: its images are missing here`);
      const trees = treesOf(reply.images);
      output.result({ trees, silentPlants: reply.silentPlants }, () => treeText(trees));
    });

  images
    .command('diff <from> <to>')
    .description('what changes from one image to another: machine and history')
    .action(async (from: string, to: string) => {
      const { client, output } = context();
      const diff = await client.diffImages(from, to);
      output.result(diff, () => diffText(diff));
    });

  images
    .command('verify [image...]')
    .description('check digests and backing chains of images, or of all')
    .option('--identity', 'start two clones of each, too, and refuse an image whose clones share what must differ')
    .addOption(
      new Option(
        '--equal <document>',
        'compare the guests of a create request made in every way: cold, and from each image',
      ).conflicts('identity'),
    )
    .action(async (imageIds: string[], { identity = false, equal }: VerifyOptions, command: Command) => {
      if (equal !== undefined && imageIds.length > 0) command.error("error: option '--equal' takes no images");
      const { client, output } = context();
      if (equal !== undefined) return verifyEqual(equal, { client, output });
      const named = imageIds.length === 0 ? {} : { imageIds };
      const submitted = await client.submitVerifyImages({ ...named, ...(identity ? { identity } : {}) });
      const reply = await follow<VerifyImagesReply>(client, submitted, output.json);
      output.result(reply, () => verifyText(reply));
      refuseFaults(reply);
    });

  images
    .command('gc')
    .description('remove the images that are worth least until the warehouses fit their quota')
    .option('--dry-run', 'only show what would be removed, and why')
    .option(
      '--target-mib <size>',
      'remove until the images take no more than this (else the quota of the plant)',
      wholeNumber(0),
    )
    .action(async ({ dryRun = false, targetMib }: { dryRun?: boolean; targetMib?: number }) => {
      const { client, output } = context();
      const request = { dryRun, ...(targetMib === undefined ? {} : { targetMiB: targetMib }) };
      const reply = await follow<CollectImagesReply>(client, await client.submitCollectImages(request), output.json);
      output.result(reply, () => reply.warehouses.map(collectionText).join('\n\n') || 'no warehouse has images');
    });

  addLabelCommands(images, context);
}

function addLabelCommands(images: Command, context: CommandContext): void {
  const change = async (imageId: string, labels: LabelImageRequest, done: string): Promise<void> => {
    const { client, output } = context();
    const image = await client.labelImage(imageId, labels);
    output.result(image, () => `${image.imageId} ${done}`);
  };
  images
    .command('pin <image>')
    .description('pin an image: neither rm nor gc removes it')
    .action((image: string) => change(image, { pinned: true }, 'is pinned'));
  images
    .command('unpin <image>')
    .description('unpin an image, so that it may be removed')
    .action((image: string) => change(image, { pinned: false }, 'is not pinned'));
  images
    .command('tag <image> <tag...>')
    .description('add tags to an image; a tag of another image moves to this one')
    .action((image: string, tags: string[]) => change(image, { addTags: tags }, `is tagged ${tags.join(', ')}`));
  images
    .command('untag <image> <tag...>')
    .description('remove tags from an image')
    .action((image: string, tags: string[]) => change(image, { dropTags: tags }, `is not tagged ${tags.join(', ')}`));
}

/**
 * @throws GridError IMAGE_CORRUPT, which names the first faulty file; IDENTITY_SHARED, which names what clones share
 */
function refuseFaults({ images }: VerifyImagesReply): void {
  const corrupt = images.filter(({ faults }) => faults.length > 0);
  const [first] = corrupt;
  if (!first) return;
  const { file, reason } = first.faults[0]!;
  const others = corrupt.length === 1 ? '' : `; ${corrupt.length - 1} more images have faults`;
  throw new GridError(
    file === IDENTITY_FAULT ? 'IDENTITY_SHARED' : 'IMAGE_CORRUPT',
    `${first.imageId}: ${file}: ${reason}${others}`,
    {
      imageId: first.imageId,
      file,
      images: corrupt,
    },
  );
}
