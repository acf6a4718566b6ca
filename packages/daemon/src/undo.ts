/**
 * Acquire, then push the undo, on the next line: what a piece of work made is taken back, newest first, when it fails.
 */
export interface UndoFailure {
  readonly step: string;
  readonly cause: unknown;
}

export class UndoStack {
  #steps: { readonly name: string; readonly undo: () => Promise<void> | void }[] = [];

  /** Remembers how to take back what was just acquired. */
  push(name: string, undo: () => Promise<void> | void): void {
    this.#steps.push({ name, undo });
  }

  /** The work succeeded: nothing will be taken back. */
  commit(): void {
    this.#steps = [];
  }

  /** Takes everything back, newest first. A step that fails does not keep the others from running. */
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
