import { type Bidder, GridError } from '@vmgrid/protocol';

/** What finding a VM needs of the shop. */
export interface PlacesDeps {
  bidders(): readonly Bidder[];
  /** Asks a plant for a VM. Rejects with VM_UNKNOWN when it has none of this id. */
  ask(bidder: Bidder, vmId: string): Promise<unknown>;
}

/** Which plant answers for which VM: asked of the plants, and remembered. */
export class VmPlaces {
  readonly #deps: PlacesDeps;
  readonly #kept: number;
  readonly #plantOfVm = new Map<string, string>();

  constructor(deps: PlacesDeps, options: { readonly kept: number }) {
    this.#deps = deps;
    this.#kept = options.kept;
  }

  /** Works with the plant of a VM; when the one remembered does not know it any more, with the one that does. */
  async at<T>(vmId: string, work: (plantId: string) => Promise<T>): Promise<T> {
    const remembered = this.#plantOfVm.get(vmId);
    if (remembered !== undefined) {
      try {
        return await work(remembered);
      } catch (error) {
        if (!isVmUnknown(error)) throw error;
        this.#plantOfVm.delete(vmId);
      }
    }
    return work(await this.#locate(vmId));
  }

  remembered(vmId: string): string | undefined {
    return this.#plantOfVm.get(vmId);
  }

  remember(vmId: string, plantId: string): void {
    this.#plantOfVm.set(vmId, plantId);
    if (this.#plantOfVm.size > this.#kept) this.#plantOfVm.delete(this.#plantOfVm.keys().next().value!);
  }

  /** @throws GridError VM_UNKNOWN when every plant says so; PLANT_LOST when one that may have it does not answer */
  async #locate(vmId: string): Promise<string> {
    const asked = this.#deps.bidders().map(async (bidder) => {
      await this.#deps.ask(bidder, vmId);
      return bidder.plantId;
    });
    const plantId = await Promise.any(asked).catch(({ errors }: AggregateError) => {
      throw notFound(vmId, errors);
    });
    this.remember(vmId, plantId);
    return plantId;
  }
}

export const isVmUnknown = (error: unknown): boolean => error instanceof GridError && error.code === 'VM_UNKNOWN';

function notFound(vmId: string, errors: readonly unknown[]): GridError {
  const draining = errors.find((error) => error instanceof GridError && error.code === 'DRAINING');
  if (draining) return draining as GridError;
  const plants = errors.length;
  const unknown = errors.filter(isVmUnknown).length;
  const details = { vmId, plants, unknown, silent: plants - unknown };
  if (plants > 0 && unknown === plants) {
    return new GridError('VM_UNKNOWN', `none of ${plants} plants knows the VM ${vmId}`, details);
  }
  const message = `the VM ${vmId} was not found: of ${plants} plants ${unknown} do not know it, ${plants - unknown} gave no answer`;
  return new GridError('PLANT_LOST', message, details);
}
