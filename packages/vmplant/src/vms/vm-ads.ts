/** The classads of a plant's VMs, alive or destroyed, as far as the caller may see them. */
import {
  adToJson,
  type Called,
  type ClassAdJson,
  GridError,
  type ListRequest,
  meeting,
  type QueryRequest,
  type RequestKey,
  sees,
} from '@vmgrid/protocol';
import type { DestroyedVms } from './destroyed-vms.ts';
import { vmAd } from './reporter.ts';
import type { VmRecord } from './vm.ts';
import type { VmRegistry } from './vm-registry.ts';

export interface VmAdsDeps {
  readonly registry: VmRegistry;
  readonly destroyedVms: DestroyedVms;
}

export class VmAds {
  readonly #deps: VmAdsDeps;
  readonly #plantId: string;

  constructor(deps: VmAdsDeps, { plantId }: { readonly plantId: string }) {
    this.#deps = deps;
    this.#plantId = plantId;
  }

  of(record: VmRecord): ClassAdJson {
    return adToJson(vmAd(record, this.#plantId));
  }

  /** Returns the classad of the VM that was made for this request. */
  byRequest(request: RequestKey): ClassAdJson | undefined {
    const record = this.#deps.registry.byRequest(request);
    return record ? this.of(record) : this.#deps.destroyedVms.byRequest(request);
  }

  /**
   * @throws GridError VM_UNKNOWN, also when the caller may not see the VM: then it is as unknown as one that never
   * existed
   */
  requireSeen({ vmId, caller }: Called<{ readonly vmId: string }>): ClassAdJson {
    const record = this.#deps.registry.find(vmId);
    const ad = record ? this.of(record) : this.#deps.destroyedVms.byVm(vmId);
    if (ad && sees(caller, ownerIn(ad))) return ad;
    throw new GridError('VM_UNKNOWN', `no VM ${vmId} on the plant ${this.#plantId}`, { vmId });
  }

  /** @throws GridError VM_UNKNOWN */
  query({ attributes, ...named }: Called<QueryRequest>): ClassAdJson {
    const ad = this.requireSeen(named);
    return attributes ? pick(ad, attributes) : ad;
  }

  /** Lists the VMs that are alive. */
  list({ constraint, caller }: Called<ListRequest>): ClassAdJson[] {
    const records = this.#deps.registry.all().filter(({ owner }) => sees(caller, owner));
    const ads = records.map((record) => vmAd(record, this.#plantId));
    if (constraint === undefined) return ads.map(adToJson);
    return ads.filter(meeting(constraint, ads.length)).map(adToJson);
  }
}

/** `Owner` is the plant's own attribute: no action sets it. */
const ownerIn = ({ Owner }: ClassAdJson): string | undefined => (typeof Owner === 'string' ? Owner : undefined);

/** Returns the requested attributes; ClassAd names ignore case. A missing one is undefined (null in JSON). */
function pick(ad: ClassAdJson, attributes: readonly string[]): ClassAdJson {
  const byFoldedName = new Map(Object.entries(ad).map(([name, value]) => [name.toLowerCase(), value]));
  return Object.fromEntries(attributes.map((name) => [name, byFoldedName.get(name.toLowerCase()) ?? null]));
}
