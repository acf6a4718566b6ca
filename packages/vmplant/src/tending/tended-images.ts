import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The images of the warehouse that this plant built without a request: they share a quota. */
export class TendedImages {
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #all: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT OR IGNORE INTO tended_images (image_id) VALUES (?)');
    this.#delete = database.prepare('DELETE FROM tended_images WHERE image_id = ?');
    this.#all = database.prepare('SELECT image_id AS imageId FROM tended_images');
  }

  add(imageId: string): void {
    this.#insert.run(imageId);
  }

  /** Returns those that still exist and forgets the others, so that there are never more entries than images. */
  among(images: { has(imageId: string): boolean }): readonly string[] {
    const ids = (this.#all.all() as unknown as readonly { imageId: string }[]).map(({ imageId }) => imageId);
    for (const id of ids) if (!images.has(id)) this.#delete.run(id);
    return ids.filter((id) => images.has(id));
  }
}
