/** Results of a long bench, kept as they come: a run that ended early goes on where it stopped. */
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

export class RunLog<R> {
  readonly #file: string | undefined;
  readonly #results: R[];

  private constructor(file: string | undefined, results: R[]) {
    this.#file = file;
    this.#results = results;
  }

  /**
   * Opens a file of JSON lines: the settings of the run, then one result a line. A last line that was not written to
   * its end is dropped. Without a file name nothing is kept.
   *
   * @throws Error when the file is of a run with other settings
   */
  static open<R>(file: string | undefined, settings: object): RunLog<R> {
    if (file === undefined) return new RunLog<R>(file, []);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole === '') {
      writeFileSync(file, `${JSON.stringify(settings)}\n`);
      return new RunLog<R>(file, []);
    }
    const [first, ...results] = whole.trimEnd().split('\n');
    const kept = JSON.parse(first!);
    if (!isDeepStrictEqual(kept, settings)) {
      throw new Error(`${file} is of a run with ${first}, not ${JSON.stringify(settings)}: name another file`);
    }
    truncateSync(file, Buffer.byteLength(whole));
    return new RunLog<R>(
      file,
      results.map((line) => JSON.parse(line)),
    );
  }

  get results(): readonly R[] {
    return this.#results;
  }

  add(result: R): void {
    this.#results.push(result);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(result)}\n`);
  }
}
