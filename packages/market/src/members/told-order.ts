/**
 * Tells news from what is known already. A plant may be reached more than one way, and each way tells all of it, some
 * later than others: what a plant tells is numbered by the plant, so each change counts once, and the newest holds.
 */
import {
  GridError,
  TOLD_LIMITS,
  type ToldVm,
  type VmsChange,
  type VmsEvent,
  type VmsGone,
  type VmsWhole,
} from '@vmgrid/protocol';

export type VmNews =
  | VmsChange
  | VmsGone
  | { readonly kind: 'whole'; readonly plantId: string; readonly pages: readonly VmsWhole[] };

type Point = Pick<VmsWhole, 'run' | 'serial'>;

export class ToldOrder {
  /** The last number of each plant that has told its whole since it joined. */
  readonly #known = new Map<string, Point>();
  /** Pages that wait for their last one, by the link they come over. */
  readonly #pages = new WeakMap<object, Map<string, VmsWhole[]>>();

  /** Where the plant's news stand; undefined until it has told its whole. */
  of(plantId: string): Point | undefined {
    return this.#known.get(plantId);
  }

  /** Forgets a plant that has left. Its next whole counts, whatever its number is. */
  forget(plantId: string): void {
    this.#known.delete(plantId);
  }

  /**
   * Returns the news in an event; undefined when the event is known already, or its pages are not complete yet.
   * @throws GridError LINK_PROTOCOL when something before it is missing
   */
  apply(link: object, event: VmsEvent): VmNews | undefined {
    return event.kind === 'whole' ? this.#hearPage(link, event) : this.#hearChange(event);
  }

  #hearChange(event: VmsChange | VmsGone): VmNews | undefined {
    const { plantId, run, serial } = event;
    const known = this.#known.get(plantId);
    if (known?.run !== run || serial <= known.serial) return undefined;
    if (serial > known.serial + 1) throw gap(event, `a change ${serial} after ${known.serial}`);
    this.#known.set(plantId, { run, serial });
    return event;
  }

  #hearPage(link: object, event: VmsWhole): VmNews | undefined {
    const { plantId, run, serial } = event;
    const pages = this.#pagesBefore(link, event);
    pages.push(event);
    if (countVms(pages) > TOLD_LIMITS.vmsOfPlant) throw gap(event, `more than ${TOLD_LIMITS.vmsOfPlant} VMs`);
    if (!event.last) return undefined;
    this.#pages.get(link)?.delete(plantId);
    if (!isNewer(event, this.#known.get(plantId))) return undefined;
    this.#known.set(plantId, { run, serial });
    return { kind: 'whole', plantId, pages };
  }

  #pagesBefore(link: object, event: VmsWhole): VmsWhole[] {
    const { plantId, run, serial, page } = event;
    const ofLink = this.#pages.get(link) ?? new Map<string, VmsWhole[]>();
    this.#pages.set(link, ofLink);
    const pages = page === 0 ? [] : (ofLink.get(plantId) ?? []);
    ofLink.set(plantId, pages);
    const [first = event] = pages;
    if (pages.length === page && first.run === run && first.serial === serial) return pages;
    throw gap(event, `page ${page} after ${pages.length}`);
  }
}

export const vmsIn = (pages: readonly VmsWhole[]): readonly ToldVm[] => pages.flatMap(({ vms }) => vms);

const countVms = (pages: readonly VmsWhole[]): number => pages.reduce((sum, { vms }) => sum + vms.length, 0);

const isNewer = (told: Point, known: Point | undefined): boolean =>
  known === undefined || told.run > known.run || (told.run === known.run && told.serial > known.serial);

const gap = ({ plantId }: VmsEvent, what: string): GridError =>
  new GridError('LINK_PROTOCOL', `${plantId} tells of its VMs ${what}`, { plantId });
