/** Images that a comparison makes for itself alone: nobody else is given them, and none outlives it. */
import { type Log, UndoStack } from '@vmgrid/daemon';
import { Lineage, type Warehouse } from '@vmgrid/warehouse';
import { takeBack } from '../creation/take-back.ts';

export interface OwnImagesDeps {
  readonly warehouse: Pick<Warehouse, 'inventory' | 'remove'>;
  readonly log: Log;
}

/**
 * Removes what was made for such uses, children before their parents. What cannot be removed is logged. The use of a
 * comparison is the name of its work (`newWorkName` of the warehouse): what a plant that died left is found by it,
 * whichever plants share the warehouse.
 */
export async function removeOwnImages(
  isIts: (use: string) => boolean,
  { warehouse, log }: OwnImagesDeps,
): Promise<void> {
  const images = await warehouse.inventory.allImages();
  const lineage = new Lineage(images);
  const own = [...images.values()].filter(({ manifest: { madeFor } }) => madeFor !== undefined && isIts(madeFor));
  const below = new Map(own.map((image) => [image, lineage.ancestors(image).length]));
  const undo = new UndoStack();
  for (const image of own.sort((a, b) => below.get(a)! - below.get(b)!)) {
    const { id } = image.manifest;
    undo.push(`image ${id}`, () => warehouse.remove(id));
  }
  await takeBack(undo, log, {});
}
