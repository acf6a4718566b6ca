/** Text that arrives in pieces and is read line by line, by one reader. */
export class LineQueue {
  readonly #lines: string[] = [];
  #pending = '';
  #wake: () => void = () => undefined;
  #end: { readonly error?: unknown } | undefined;

  /** Takes bytes, one to a character. */
  push(text: string): void {
    const pieces = (this.#pending + text).split('\n');
    this.#pending = pieces.pop()!;
    this.#lines.push(...pieces);
    this.#wake();
  }

  /** Ends the input. The last line need not have a line end. */
  end(): void {
    if (this.#pending !== '') this.push('\n');
    this.#finish({});
  }

  /** The reader gets the error after all earlier lines. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    for (;;) {
      for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift()) yield line;
      if (this.#end && 'error' in this.#end) throw this.#end.error;
      if (this.#end) return;
      const more = Promise.withResolvers<void>();
      this.#wake = more.resolve;
      await more.promise;
    }
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end = end;
    this.#wake();
  }
}
