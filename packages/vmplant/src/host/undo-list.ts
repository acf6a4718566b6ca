/** What to take back when a piece of work fails halfway: acquire, then push the undo on the next line. */
export class UndoList {
  readonly #undos: (() => Promise<unknown> | unknown)[] = [];

  push(undo: () => Promise<unknown> | unknown): void {
    this.#undos.push(undo);
  }

  /** Takes everything back, last first. An undo that fails does not keep the others from running. */
  async run(): Promise<void> {
    for (const undo of this.#undos.splice(0).reverse()) {
      try {
        await undo();
      } catch {
        // The failure that led here is the one to report.
      }
    }
  }
}
