/** Writes golden images as text for people. */
import {
  type BuildImageReply,
  type CollectedWarehouse,
  IDENTITY_FAULT,
  type ImageDiffReply,
  type ImageHistoryEntry,
  type ImageReply,
  type VerifyImagesReply,
} from '@vmgrid/protocol';
import { table } from './output.ts';

export const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

export const imageTable = (images: readonly ImageReply[]): string =>
  table(
    ['image', 'tags', 'os', 'start', 'memory', 'disk', 'actions', 'own size', 'hits', 'users', 'plants'],
    images.map((image) => [
      ...[image.imageId, marks(image), image.machine.os, image.suspended ? 'restore' : 'boot'],
      image.suspended ? `${image.machine.memoryMiB} MiB` : 'any',
      ...[`${image.machine.diskMiB} MiB`, image.history.length, mib(image.ownBytes), image.hits],
      ...[image.children.length + image.usedBy.length, image.plants.join(',')],
    ]),
  );

/** Returns the tags, and what else there is to know. */
const marks = ({ tags, pinned, madeFor }: ImageReply): string =>
  [...tags, ...(pinned ? ['(pinned)'] : []), ...(madeFor === undefined ? [] : ['(for a comparison)'])].join(' ') || '-';

export function imageText(image: ImageReply): string {
  const { machine, compatibility } = image;
  const lines = [
    image.imageId,
    `  tags        ${image.tags.join(', ') || 'none'}${image.pinned ? '; pinned' : ''}`,
    `  machine     ${machine.arch} ${machine.os}, ${machine.memoryMiB} MiB, ${machine.cpus} cpus, disk ${machine.diskMiB} MiB, line ${image.line}`,
    `  start       ${image.suspended ? 'restored from suspended memory, or booted' : 'booted, with any memory size'}`,
    ...(image.madeFor === undefined ? [] : [`  made for    ${image.madeFor} alone; no request gets it`]),
    ...(compatibility ? [`  restored by ${fieldsText(compatibility)}`] : []),
    `  parents     ${image.parents.join(' ← ') || 'none'}`,
    `  children    ${image.children.join(', ') || 'none'}`,
    `  created     ${image.createdAt} by ${image.createdBy}`,
    `  size        ${mib(image.ownBytes)} of its own, ${mib(image.sharedBytes)} shared with its parents, ${mib(image.virtualBytes)} for the guest`,
    `  used by     ${image.usedBy.join(', ') || 'nothing'}`,
    `  hits        ${image.hits}${image.lastHitAt === undefined ? '' : `, the last at ${image.lastHitAt}`}`,
    `  warehouses  ${image.warehouses.join(', ')}`,
    `  plants      ${image.plants.join(', ')}`,
    `  history     ${image.history.length === 0 ? 'empty' : ''}`,
  ];
  if (image.history.length > 0) lines.push(indent(historyTable(image.history)));
  return lines.join('\n').replaceAll(/ +$/gm, '');
}

const historyTable = (history: readonly ImageHistoryEntry[]): string =>
  table(
    ['action', 'kind', 'digest', 'seconds', 'ran at', 'by', 'for image', 'lost at boot'],
    history.map((entry) => [
      ...[entry.id, entry.kind, entry.digest.slice(0, 12), entry.seconds.toFixed(2)],
      ...[entry.ranAt, entry.madeBy, entry.imageId, lostText(entry)],
    ]),
  );

const lostText = ({ survivesBoot, lostAtBoot = [] }: ImageHistoryEntry): string => {
  if (survivesBoot === undefined) return 'not known';
  return lostAtBoot.length === 0 ? '-' : lostAtBoot.join('; ');
};

const indent = (text: string): string => text.replaceAll(/^/gm, '    ');

const fieldsText = (fields: Readonly<Record<string, string>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

/** An image with the images above it. */
export interface ImageTree {
  readonly image: ImageReply;
  readonly children: readonly ImageTree[];
}

/** Returns the lineage as trees. An image whose parent no plant offers is a root. */
export function treesOf(images: readonly ImageReply[]): readonly ImageTree[] {
  const ids = new Set(images.map((image) => image.imageId));
  const byParent = Map.groupBy(images, ({ parent }) => (parent !== undefined && ids.has(parent) ? parent : undefined));
  const grow = (image: ImageReply): ImageTree => ({ image, children: (byParent.get(image.imageId) ?? []).map(grow) });
  return (byParent.get(undefined) ?? []).map(grow);
}

export const treeText = (trees: readonly ImageTree[]): string =>
  trees.map((tree) => [treeLine(tree.image, 0), ...branches(tree, '')].join('\n')).join('\n');

function branches({ image, children }: ImageTree, indentation: string): string[] {
  return children.flatMap((child, index) => {
    const last = index === children.length - 1;
    const line = `${indentation}${last ? '└─ ' : '├─ '}${treeLine(child.image, image.history.length)}`;
    return [line, ...branches(child, `${indentation}${last ? '   ' : '│  '}`)];
  });
}

const brokenNote = ({ broken }: ImageReply): string[] => (broken === undefined ? [] : [`broken: ${broken}`]);

/** Writes an image on one line, with the actions that it adds to its parent's. */
function treeLine(image: ImageReply, inherited: number): string {
  const added = image.history.slice(inherited).map((entry) => `+${entry.id}`);
  const kind = image.suspended ? `${image.machine.memoryMiB} MiB suspended` : 'boots';
  const notes = [
    kind,
    mib(image.ownBytes),
    `${image.hits} hits`,
    ...(image.pinned ? ['pinned'] : []),
    ...(image.madeFor === undefined ? [] : ['for a comparison']),
    ...brokenNote(image),
  ].join(', ');
  return [image.imageId, ...image.tags.map((tag) => `#${tag}`), `(${notes})`, ...added].join(' ');
}

const SIGNS = { same: ' ', removed: '-', added: '+' } as const;

export function diffText({ from, to, machine, history }: ImageDiffReply): string {
  const value = (field: unknown) => (field === null ? 'none' : String(field));
  const fields = machine.map((one) => `  ${one.field}: ${value(one.from)} → ${value(one.to)}`);
  const steps = history.map(
    ({ side, entry }) => `${SIGNS[side]} ${entry.id} (${entry.kind}) ${entry.digest.slice(0, 12)}`,
  );
  return [
    `--- ${from}`,
    `+++ ${to}`,
    ...['machine:', ...(fields.length === 0 ? ['  the same'] : fields)],
    ...['history:', ...(steps.length === 0 ? ['  empty on both sides'] : steps)],
  ].join('\n');
}

export function builtText({ built, image, leftOut = [] }: BuildImageReply): string {
  const text = `${built ? 'Built' : 'There is already'} ${imageText(image)}`;
  return leftOut.length === 0 ? text : `${text}\n  left out    ${leftOut.join(', ')}: to be run for each machine`;
}

export function verifyText({ images }: VerifyImagesReply): string {
  const rows = images.map(({ imageId, bytes, faults }) => [
    ...[imageId, verdictOf(faults), mib(bytes)],
    faults.map(({ file, reason }) => `${file}: ${reason}`).join('; '),
  ]);
  return table(['image', 'verdict', 'checked', 'what is wrong'], rows);
}

function verdictOf(faults: VerifyImagesReply['images'][number]['faults']): string {
  if (faults.length === 0) return 'good';
  return faults.some(({ file }) => file === IDENTITY_FAULT) ? 'REFUSED' : 'CORRUPT';
}

export function collectionText(warehouse: CollectedWarehouse): string {
  const { usedBytes, targetBytes, freedBytes, dryRun } = warehouse;
  const target = targetBytes === undefined ? 'no target' : `target ${mib(targetBytes)}`;
  const summary = `warehouse ${warehouse.warehouseId}: ${mib(usedBytes)} used, ${target}, ${mib(freedBytes)} ${dryRun ? 'would be freed' : 'freed'}`;
  const rows = warehouse.images.map((image) => [
    ...[image.imageId, dryRun && image.verdict === 'remove' ? 'would remove' : image.verdict, mib(image.ownBytes)],
    ...[image.hits, image.savedSeconds.toFixed(1), image.worth.toFixed(3), image.reason],
  ]);
  return `${summary}\n${table(['image', 'verdict', 'size', 'hits', 's saved', 'worth', 'why'], rows)}`;
}
