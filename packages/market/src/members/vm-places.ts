import { type BidderMethods, type Gathered, GridError } from '@vmgrid/protocol';

type Failures = Gathered<never>['failures'];

/** What finding a VM needs: the question after it to all plants, until one knows it. */
export type AskForVm = (
  request: Parameters<BidderMethods['query']>[0],
) => Promise<Pick<Gathered<unknown>, 'answers' | 'failures'>>;

/** Which plant answers for which VM: asked of the plants, and remembered. */
export class VmPlaces {
  readonly #ask: AskForVm;
  readonly #kept: number;
  readonly #plantOfVm = new Map<string, string>();

  constructor(ask: AskForVm, options: { readonly kept: number }) {
    this.#ask = ask;
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
    const { answers, failures } = await this.#ask({ vmId, attributes: ['VmId'] });
    const [found] = answers;
    if (!found) throw notFound(vmId, failures);
    this.remember(vmId, found.plantId);
    return found.plantId;
  }
}

export const isVmUnknown = (error: unknown): boolean => error instanceof GridError && error.code === 'VM_UNKNOWN';

function notFound(vmId: string, failures: Failures): GridError {
  const draining = failures.find(({ code }) => code === 'DRAINING');
  if (draining) return new GridError('DRAINING', draining.message, { vmId });
  const plants = failures.length;
  const unknown = failures.filter(({ code }) => code === 'VM_UNKNOWN').length;
  const details = { vmId, plants, unknown, silent: plants - unknown };
  if (plants > 0 && unknown === plants) {
    return new GridError('VM_UNKNOWN', `none of ${plants} plants knows the VM ${vmId}`, details);
  }
  const message = `the VM ${vmId} was not found: of ${plants} plants ${unknown} do not know it, ${plants - unknown} gave no answer`;
  return new GridError('PLANT_LOST', message, details);
}
