/**
 * The VMs of all plants, as each tells them now; of plants that are away or do not answer in time, as they told last.
 * Plants that are known to have nothing of the caller's are not asked.
 */
import { ClassAd } from '@vmgrid/classad';
import { runInSlices, systemClock } from '@vmgrid/daemon';
import type { Absences, Membership, PlantVms, Roll, VmBook } from '@vmgrid/market';
import {
  adToJson,
  askAll,
  type Bidder,
  type Called,
  type Caller,
  type ClassAdJson,
  type ListReply,
  type ListRequest,
  meeting,
  pageOf,
  sees,
  type ToldVm,
} from '@vmgrid/protocol';

/** How long plants may take to tell what they know by heart, before it is told for them. */
const LIST_DEADLINE_MS = 2_000;
/** How long VMs are looked at before all else has its turn. */
const LIST_SLICE_MS = 10;

export interface VmListDeps {
  readonly membership: Pick<Membership, 'plantIds' | 'plantsOf'>;
  readonly absences: Pick<Absences, 'all'>;
  readonly roll: Pick<Roll, 'everyone'>;
  readonly book: Pick<VmBook, 'isAt' | 'isCurrent' | 'isAbsent' | 'plantIds' | 'of'>;
  /** Whether an answer of this plant is to be waited for. */
  readonly isAwaited: (plantId: string) => boolean;
}

export class VmList {
  readonly #deps: VmListDeps;

  constructor(deps: VmListDeps) {
    this.#deps = deps;
  }

  /**
   * @throws GridError EXPRESSION_TOO_COSTLY; NO_PLANTS when nobody is here or known, and the shop began just now; what
   * the signal aborts with
   */
  async list({ constraint, caller, ...page }: Called<ListRequest>, signal: AbortSignal): Promise<ListReply> {
    const { roll, book } = this.#deps;
    const request = { ...(constraint === undefined ? {} : { constraint }), ...(caller && { caller }) };
    const asked = roll.everyone().filter((bidder) => this.#isAsked(bidder, caller));
    const { answers } = await askAll(asked, { method: 'list', request }, { deadlineMs: LIST_DEADLINE_MS, signal });
    const answered = new Set(answers.map(({ plantId }) => plantId));
    const silent = this.#expected(caller).filter((plantId) => !answered.has(plantId));
    const told = silent.flatMap((plantId) => toldAds(plantId, book.of(plantId), caller));
    const meets = await runInSlices(adsMeeting(constraint, told), { sliceMs: LIST_SLICE_MS, signal }, systemClock);
    const vms = [...answers.flatMap(({ value }) => value), ...meets];
    const { items, ...next } = pageOf(vms, page, ({ VmId }) => String(VmId));
    return { vms: items, silentPlants: silent, ...next };
  }

  #isAsked(bidder: Bidder, caller: Caller | undefined): boolean {
    const { membership, isAwaited } = this.#deps;
    return isAwaited(bidder.plantId) && membership.plantsOf(bidder).some((plantId) => this.#mayHaveAt(plantId, caller));
  }

  /**
   * Plants that may have VMs which the caller sees: of those that are here by what they told, and all that are absent.
   */
  #expected(caller: Caller | undefined): readonly string[] {
    const { membership, absences, book } = this.#deps;
    const here = membership.plantIds().filter((plantId) => this.#mayHaveAt(plantId, caller));
    const away = book.plantIds().filter((plantId) => book.isAbsent(plantId) && this.#mayHaveAt(plantId, caller));
    return [...new Set([...here, ...absences.all().map(({ plantId }) => plantId), ...away])];
  }

  #mayHaveAt(plantId: string, caller: Caller | undefined): boolean {
    const { book } = this.#deps;
    const mayHaveUntold = !book.isCurrent(plantId) && !book.isAbsent(plantId);
    return caller?.sees === 'all' || mayHaveUntold || book.isAt(caller?.owner, plantId);
  }
}

/** As far as it was told; of what waits for its turn there is no VM yet. */
function toldAds(plantId: string, { vms, toldAt }: PlantVms, caller: Caller | undefined): readonly ClassAd[] {
  const seen = vms.filter(({ vmId, owner }) => vmId !== undefined && sees(caller, owner));
  return seen.map((vm) => ClassAd.of(attributesOf(vm, plantId, toldAt)));
}

/** @throws GridError EXPRESSION_TOO_COSTLY */
function* adsMeeting(constraint: string | undefined, ads: readonly ClassAd[]): Generator<undefined, ClassAdJson[]> {
  const holds = constraint === undefined ? () => true : meeting(constraint, ads.length);
  const meet: ClassAdJson[] = [];
  for (const ad of ads) {
    if (holds(ad)) meet.push(adToJson(ad));
    yield;
  }
  return meet;
}

const attributesOf = (vm: ToldVm, plantId: string, toldAt: number) => ({
  MyType: 'VirtualMachine',
  VmId: vm.vmId!,
  RequestId: vm.requestId,
  ...(vm.owner === undefined ? {} : { Owner: vm.owner }),
  State: vm.state,
  Plant: plantId,
  MemoryMiB: vm.memoryMiB,
  DiskMiB: vm.diskMiB,
  ...(vm.leaseEndsAt === undefined ? {} : { LeaseEndsAt: vm.leaseEndsAt }),
  PlantReached: false,
  LastToldAt: new Date(toldAt).toISOString(),
});
