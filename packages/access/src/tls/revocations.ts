/**
 * Knows the revoked certificates of the site from a list signed by the CA. It reads the list again when its file
 * changes.
 */
import { readFileSync } from 'node:fs';
import { GridError } from '@vmgrid/protocol';
import { plainSerial } from '../certs/plain-serial.ts';
import { type Again, eachSecond, stampOf } from './file-stamp.ts';

export interface RevocationOptions {
  /** File of the list, in PEM. */
  readonly file: string;
  /** Returns the CA's current certificate, in PEM. */
  readonly ca: () => string;
  /**
   * Called with the reason when a new list is not accepted, once for each reason. The list before it stays in force.
   */
  readonly onFault: (error: unknown) => void;
  /** Left out: each second. */
  readonly again?: Again;
}

export class Revocations {
  readonly #options: RevocationOptions;
  #serials: ReadonlySet<string> = new Set();
  /** Stamp of the file when it was last read, whether it held a list or not. */
  #stamp: string | undefined;
  #looking: Promise<void> | undefined;
  /** The fault that was reported last and still exists. */
  #fault: string | undefined;

  private constructor(options: RevocationOptions) {
    this.#options = options;
  }

  /** @throws GridError CONFIG_INVALID when the file is no list, or was signed by another CA */
  static async open(options: RevocationOptions): Promise<Revocations> {
    const revocations = new Revocations(options);
    await revocations.#readIfChanged();
    // Looks whether anyone asks or not, so that the first question after a change is not answered from the old list.
    (options.again ?? eachSecond)(() => revocations.look());
    return revocations;
  }

  /** `serial`: in hexadecimal. A changed list is in force a second later. */
  isRevoked(serial: string): boolean {
    return this.#serials.has(plainSerial(serial));
  }

  /** Reads the list if it has changed; it is in force a moment later. */
  look(): void {
    this.#looking ??= this.#readIfChanged()
      .then(() => {
        this.#fault = undefined;
      })
      .catch((error: Error) => {
        if (error.message !== this.#fault) this.#options.onFault(error);
        this.#fault = error.message;
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** Tries an unreadable file again each time; a file that is no list only after it has changed. */
  async #readIfChanged(): Promise<void> {
    const { file, ca } = this.#options;
    try {
      const { readList } = await import('../certs/revocation-list.ts');
      const stamp = stampOf(file);
      if (stamp === this.#stamp) return;
      const list = readFileSync(file, 'utf8');
      this.#stamp = stamp;
      this.#serials = new Set((await readList(list, ca())).map(({ serial }) => serial));
    } catch (cause) {
      const { message } = cause as Error;
      throw new GridError(
        'CONFIG_INVALID',
        `${file} is no list of revoked certificates: ${message}`,
        { file },
        { cause },
      );
    }
  }
}
