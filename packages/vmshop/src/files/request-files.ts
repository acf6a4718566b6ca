/** The uploaded files that requests name in place of contents. */
import { type Dag, uploadsIn } from '@vmgrid/dag';
import { type Called, GridError } from '@vmgrid/protocol';
import type { FileSender } from './file-sender.ts';
import type { FileStore } from './file-store.ts';

export interface RequestFilesDeps {
  readonly store: Pick<FileStore, 'require'>;
  readonly sender: Pick<FileSender, 'send'>;
}

interface MakingWithFiles<T> {
  readonly plantId: string;
  readonly signal: AbortSignal;
  readonly make: () => Promise<T>;
}

type Naming = Called<{ readonly dag?: Dag; readonly destruction?: Dag }>;

export class RequestFiles {
  readonly #deps: RequestFilesDeps | undefined;

  /** Without a store nobody has uploaded anything. */
  constructor(deps: RequestFilesDeps | undefined) {
    this.#deps = deps;
  }

  /** That the caller has uploaded what the request names. @throws GridError FILE_UNKNOWN */
  require({ caller, dag, destruction }: Naming): void {
    const [first, ...others] = uploadsIn(dag, destruction);
    if (first === undefined) return;
    if (!this.#deps || !caller) throw new GridError('FILE_UNKNOWN', `nobody has uploaded ${first}`, {});
    this.#deps.store.require(caller.owner, [first, ...others]);
  }

  /** Brings the plant what it does not have. @throws as `FileSender` */
  async send(plantId: string, { dag, destruction }: Naming, signal: AbortSignal): Promise<void> {
    await this.#deps?.sender.send(plantId, uploadsIn(dag, destruction), signal);
  }

  /**
   * Makes a machine on a plant that has got what it needs; once more when the plant let go of a file before it took it
   * up, unless it keeps the failed machine. @throws as `FileSender` before the plant was asked; what `make` throws
   */
  async makeWith<T>(request: Naming, { plantId, signal, make }: MakingWithFiles<T>): Promise<T> {
    await this.send(plantId, request, signal);
    try {
      return await make();
    } catch (error) {
      const { code, details } = GridError.from(error);
      if (code !== 'FILE_UNKNOWN' || details.keptVmId !== undefined) throw error;
      await this.send(plantId, request, signal).catch(() => Promise.reject(error)); // by now it was asked
      return make();
    }
  }
}
