/** Tells daemons that have `step-kill.mjs` in them at which boundary they are to die. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';

const PRELOADED = join(import.meta.dirname, 'step-kill.mjs');

/** Ours are reaped as soon as they have ended. */
export const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);

export class StepKiller {
  readonly #folder: string;
  readonly #before: Readonly<Record<string, string | undefined>>;

  private constructor(folder: string) {
    this.#folder = folder;
    const { NODE_OPTIONS, VMGRID_STEP_KILL } = process.env;
    this.#before = { NODE_OPTIONS, VMGRID_STEP_KILL };
    process.env.NODE_OPTIONS = `${NODE_OPTIONS ?? ''} --import=${PRELOADED}`.trim();
    process.env.VMGRID_STEP_KILL = folder;
  }

  /** Daemons that are started from now on have it in them. */
  static async open(): Promise<StepKiller> {
    return new StepKiller(await testFolder('step-killer'));
  }

  /**
   * The process dies at this boundary, counted from now; 0: at none. Resolves with the boundaries since the last order,
   * 0 when it is dead already.
   */
  async order(pid: number, boundary: number): Promise<number> {
    const heard = join(this.#folder, `${pid}.heard`);
    await rm(heard, { force: true });
    await writeFile(join(this.#folder, `${pid}.order`), String(boundary));
    if (!isThere(pid)) return 0;
    process.kill(pid, 'SIGUSR2');
    const look = () => readFile(heard, 'utf8').catch(() => (isThere(pid) ? undefined : '0'));
    return Number(await eventually(`${pid} hears its order`, look));
  }

  /**
   * Returns the step that the process was about to take, or had just taken, when it died at its boundary; undefined
   * when it did not die there.
   */
  async stepOf(pid: number): Promise<string | undefined> {
    return readFile(join(this.#folder, `${pid}.died`), 'utf8').catch(() => undefined);
  }

  async close(): Promise<void> {
    for (const [name, value] of Object.entries(this.#before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
