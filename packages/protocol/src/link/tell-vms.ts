/** How VMs are told over links: in pages of a bounded size, and so that nobody above misses a change. */
import { TOLD_LIMITS } from '../limits.ts';
import type { ToldVm, VmsEvent, VmsWhole } from '../schema/told-vms.ts';
import type { LinkAbove } from './link.ts';

/** All VMs of a plant, as the events that tell them. */
export function wholeOf(told: Pick<VmsWhole, 'plantId' | 'run' | 'serial'>, vms: readonly ToldVm[]): VmsWhole[] {
  const { vmsOfPage } = TOLD_LIMITS;
  const pages = Math.max(1, Math.ceil(vms.length / vmsOfPage));
  return Array.from({ length: pages }, (_, page) => ({
    kind: 'whole',
    ...told,
    ...{ page, last: page === pages - 1, vms: vms.slice(page * vmsOfPage, (page + 1) * vmsOfPage) },
  }));
}

/** Whoever misses one of these would be wrong for good: its link is ended, and hears all anew when it is up again. */
export function tellVms(link: LinkAbove, events: readonly VmsEvent[]): void {
  if (events.every((event) => link.notify('vms', event))) return;
  link.reset('a change of VMs could not be sent');
}
