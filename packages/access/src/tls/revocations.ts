/** Which certificates of the site count no longer: those on a list that the CA signed, which is read again when its file has changed. */
import { readFileSync, statSync } from 'node:fs';
import { GridError } from '@vmgrid/protocol';
import { plainSerial } from '../certs/plain-serial.ts';

export interface RevocationOptions {
  /** The list, in PEM. */
  readonly file: string;
  /** The CA's certificate, in PEM. */
  readonly ca: string;
  /** Told why a new list is not taken; the one before goes on to count. */
  readonly onFault: (error: unknown) => void;
  /** Milliseconds, never going back. */
  readonly now?: () => number;
}

/** The file is looked at when it is asked for, but not more often than this. */
const LOOKED_AT_MS = 1_000;

export class Revocations {
  readonly #options: Required<RevocationOptions>;
  #serials: ReadonlySet<string> = new Set();
  #stamp = '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  private constructor(options: Required<RevocationOptions>) {
    this.#options = options;
  }

  /** @throws GridError CONFIG_INVALID when there is no such list, or another CA's */
  static async open({ now = () => performance.now(), ...options }: RevocationOptions): Promise<Revocations> {
    const revocations = new Revocations({ ...options, now });
    await revocations.#read(stampOf(options.file));
    return revocations;
  }

  /** `serial`: in hexadecimal. A list that has just changed counts from the next time on. */
  isRevoked(serial: string): boolean {
    this.#look();
    return this.#serials.has(plainSerial(serial));
  }

  #look(): void {
    const { now, file, onFault } = this.#options;
    if (this.#reading !== undefined || now() - this.#lookedAt < LOOKED_AT_MS) return;
    this.#lookedAt = now();
    const stamp = stampOf(file);
    if (stamp === this.#stamp) return;
    this.#reading = this.#read(stamp)
      .catch(onFault)
      .finally(() => {
        this.#reading = undefined;
      });
  }

  async #read(stamp: string): Promise<void> {
    const { file, ca } = this.#options;
    this.#stamp = stamp;
    try {
      const { readList } = await import('../certs/revocation-list.ts');
      this.#serials = new Set((await readList(readFileSync(file, 'utf8'), ca)).map(({ serial }) => serial));
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

/** Changes whenever the file does; what keeps it from being looked at keeps it from being read too. */
function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    return String(error);
  }
}
