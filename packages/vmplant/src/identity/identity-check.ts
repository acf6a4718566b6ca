/** Starts two clones of an image, examines each once, and reports what they share although no two machines may. */
import { GridError, type Identified, type VerifyImagesRequest } from '@vmgrid/protocol';
import type { GoldenImage, Warehouse } from '@vmgrid/warehouse';
import { type TemporaryMachineDeps, withTemporaryMachine } from '../creation/temporary-machine.ts';
import { lookScript, type SharedTrait, sharedTraits, type TraitValues } from './must-differ.ts';

export interface IdentityCheckDeps extends TemporaryMachineDeps {
  readonly warehouse: TemporaryMachineDeps['warehouse'] & Pick<Warehouse, 'claims'>;
}

/** A request with its caller. */
type Asked = Identified<VerifyImagesRequest>;

const LOOK = { id: 'look', kind: 'script', script: lookScript() } as const;

export class IdentityCheck {
  readonly #deps: IdentityCheckDeps;

  constructor(deps: IdentityCheckDeps) {
    this.#deps = deps;
  }

  /** @throws GridError LINE_UNAVAILABLE, a decline, or the failure of a step; nothing is left of the clones */
  async sharedBy(image: GoldenImage, asked: Asked, signal: AbortSignal): Promise<readonly SharedTrait[]> {
    const one = await this.#look(image, asked, signal);
    return sharedTraits(one, await this.#look(image, asked, signal));
  }

  async #look(image: GoldenImage, asked: Asked, signal: AbortSignal): Promise<TraitValues> {
    const { id, machine, line, memory } = image.manifest;
    if (!this.#deps.execution.lines.has(line)) {
      throw new GridError('LINE_UNAVAILABLE', `this plant cannot start ${id}: it has no line ${line}`);
    }
    const start = memory ? ('restore' as const) : ('boot' as const);
    const clone = {
      ...{ request: asked, signal, machine, plan: { image, line, start, remaining: [LOOK] } },
      purpose: 'clone' as const,
      staging: await this.#deps.warehouse.claims.stage(),
    };
    return withTemporaryMachine(clone, this.#deps, async ({ configuration }) => configuration.attributes);
  }
}
