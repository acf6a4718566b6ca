/**
 * Undo stack: acquire something, then push its undo on the next line. When the work fails, everything is undone, the
 * newest first.
 */
export interface UndoFailure {
  readonly step: string;
  readonly cause: unknown;
}

export class UndoStack {
  #steps: { readonly name: string; readonly undo: () => Promise<void> | void }[] = [];

  /** Remembers how to undo what was just acquired. */
  push(name: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ name, undo });
  }

  /** The work succeeded: nothing will be undone. */
  commit(): void {
    this.#steps = [];
  }

  /** Undoes everything, the newest first. A step that fails does not stop the others. */
  async unwind(): Promise<readonly UndoFailure[]> {
    const failures: UndoFailure[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (cause) {
        failures.push({ step: step.name, cause });
      }
    }
    return failures;
  }
}
