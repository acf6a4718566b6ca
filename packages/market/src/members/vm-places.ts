import {
  BoundedMap,
  type Called,
  type ClassAdJson,
  type Gathered,
  GridError,
  nameSome,
  namesOf,
  type PlantApi,
  sees,
} from '@vmgrid/protocol';
import type { VmBook } from './vm-book.ts';

type Failures = Gathered<never>['failures'];

/** Asks all plants for a VM until one knows it. */
export type AskForVm = (
  request: Parameters<PlantApi['query']>[0],
) => Promise<Pick<Gathered<ClassAdJson>, 'answers' | 'failures'>>;

interface Place {
  readonly plantId: string;
  readonly owner: string | undefined;
}

/**
 * Finds the plant that answers for a VM: the one that told of it, also when the VM is gone. If no plant has told of it,
 * all plants are asked, and the answer is remembered.
 */
export class VmPlaces {
  readonly #book: Pick<VmBook, 'find' | 'goneFrom'>;
  readonly #ask: AskForVm;
  readonly #places: BoundedMap<string, Place>;

  constructor(
    { book, ask }: { readonly book: Pick<VmBook, 'find' | 'goneFrom'>; readonly ask: AskForVm },
    options: { readonly kept: number },
  ) {
    this.#book = book;
    this.#ask = ask;
    this.#places = new BoundedMap({ most: options.kept });
  }

  /**
   * Works with the plant of a VM; when the one known does not know it, not even as one that is gone, with the one that
   * does. To a caller who does not see the VM it is as unknown as one that never was, whatever is known.
   */
  async at<T>(wanted: Called<{ readonly vmId: string }>, work: (plantId: string) => Promise<T>): Promise<T> {
    const { vmId, caller } = wanted;
    const known = this.#find(vmId);
    if (known !== undefined && sees(caller, known.owner)) {
      try {
        return await work(known.plantId);
      } catch (error) {
        if (!isVmUnknown(error) || isDestroyed(error)) throw error;
        this.#places.delete(vmId);
      }
    }
    return work(await this.#locate(wanted));
  }

  known(vmId: string): string | undefined {
    return this.#find(vmId)?.plantId;
  }

  remember(vmId: string, place: Place): void {
    this.#places.set(vmId, place);
  }

  #find(vmId: string): Place | undefined {
    const told = this.#book.find(vmId);
    if (told) return { plantId: told.plantId, owner: told.vm.owner };
    return this.#places.get(vmId) ?? this.#book.goneFrom(vmId);
  }

  /** @throws GridError VM_UNKNOWN when every plant says so; PLANT_LOST when one that may have it does not answer */
  async #locate({ vmId, caller }: Called<{ readonly vmId: string }>): Promise<string> {
    const { answers, failures } = await this.#ask({ vmId, attributes: ['VmId', 'Owner'], ...(caller && { caller }) });
    const [found] = answers;
    if (!found) throw notFound(vmId, failures);
    const { plantId, value } = found;
    this.remember(vmId, { plantId, owner: typeof value.Owner === 'string' ? value.Owner : undefined });
    return plantId;
  }
}

export const isVmUnknown = (error: unknown): boolean => error instanceof GridError && error.code === 'VM_UNKNOWN';

/** Tells whether the plant answered that the VM is gone. Then no other plant has it. */
const isDestroyed = (error: unknown): boolean => error instanceof GridError && error.details.state === 'destroyed';

function notFound(vmId: string, failures: Failures): GridError {
  const draining = failures.find(({ code }) => code === 'DRAINING');
  if (draining) return new GridError('DRAINING', draining.message, { vmId });
  const plants = failures.length;
  const silentPlants = namesOf(failures.filter(({ code }) => code !== 'VM_UNKNOWN'));
  const unknown = plants - silentPlants.length;
  const details = { vmId, plants, unknown, silent: silentPlants.length, silentPlants };
  if (plants > 0 && unknown === plants) {
    return new GridError('VM_UNKNOWN', `none of ${plants} plants knows the VM ${vmId}`, details);
  }
  const silent =
    plants === 0 ? 'no plant is connected' : `${nameSome(silentPlants)} gave no answer, of ${plants} plants`;
  const message = `the VM ${vmId} was not found: ${silent}`;
  return new GridError('PLANT_LOST', message, details);
}
