/**
 * Which certificates of the site count no longer: those on a list that the CA signed, which is read again when its file
 * has changed.
 */
import { readFileSync } from 'node:fs';
import { GridError } from '@vmgrid/protocol';
import { plainSerial } from '../certs/plain-serial.ts';
import { type Again, eachSecond, stampOf } from './file-stamp.ts';

export interface RevocationOptions {
  /** The list, in PEM. */
  readonly file: string;
  /** The CA's certificate as it is now, in PEM. */
  readonly ca: () => string;
  /** Told why a new list is not taken, once for each reason; the one before goes on to count. */
  readonly onFault: (error: unknown) => void;
  /** Each second when left out. */
  readonly again?: Again;
}

export class Revocations {
  readonly #options: RevocationOptions;
  #serials: ReadonlySet<string> = new Set();
  /** Of the file as it was last read, be it a list or none. */
  #stamp: string | undefined;
  #looking: Promise<void> | undefined;
  /** The fault that was told last and is still there. */
  #fault: string | undefined;

  private constructor(options: RevocationOptions) {
    this.#options = options;
  }

  /** @throws GridError CONFIG_INVALID when there is no such list, or another CA's */
  static async open(options: RevocationOptions): Promise<Revocations> {
    const revocations = new Revocations(options);
    await revocations.#readIfChanged();
    // Whether anyone asks or not: whoever asks first after a change is not answered from the list before it.
    (options.again ?? eachSecond)(() => revocations.look());
    return revocations;
  }

  /** `serial`: in hexadecimal. A list that has changed counts a second later. */
  isRevoked(serial: string): boolean {
    return this.#serials.has(plainSerial(serial));
  }

  /** Takes the list anew if it has changed; it counts a moment later. */
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

  /** A file that cannot be read is tried again, one that is no list only once it has changed. */
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
