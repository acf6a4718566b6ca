/** Reports VMs over links: in pages of a limited size, and so that nobody above misses a change. */
import { TOLD_LIMITS } from '../limits.ts';
import type { ToldVm, VmsEvent, VmsWhole } from '../schema/link/told-vms.ts';
import type { LinkAbove } from './link.ts';

/** Returns the events that report all VMs of a plant. */
export function wholeOf(told: Pick<VmsWhole, 'plantId' | 'run' | 'serial'>, vms: readonly ToldVm[]): VmsWhole[] {
  const { vmsOfPage } = TOLD_LIMITS;
  const pages = Math.max(1, Math.ceil(vms.length / vmsOfPage));
  return Array.from({ length: pages }, (_, page) => ({
    kind: 'whole',
    ...told,
    ...{ page, last: page === pages - 1, vms: vms.slice(page * vmsOfPage, (page + 1) * vmsOfPage) },
  }));
}

/**
 * An end that missed one of these events would be wrong for good. So its link is ended, and all is reported again when
 * it is up again.
 */
export function tellVms(link: LinkAbove, events: readonly VmsEvent[]): void {
  if (messagesOf(events).every((message) => link.notify('vms', message))) return;
  link.reset('a change of VMs could not be sent');
}

/** Returns how many VMs an event reports. */
export const vmCountOf = (event: VmsEvent): number => (event.kind === 'whole' ? event.vms.length : 1);

/** Packs the events into as few messages as the limits allow, in order. */
function messagesOf(events: readonly VmsEvent[]): VmsEvent[][] {
  const { vmsOfPage, eventsOfMessage } = TOLD_LIMITS;
  const messages: VmsEvent[][] = [];
  let vms = Number.POSITIVE_INFINITY;
  for (const event of events) {
    vms += vmCountOf(event);
    if (vms > vmsOfPage || messages.at(-1)!.length === eventsOfMessage) {
      messages.push([]);
      vms = vmCountOf(event);
    }
    messages.at(-1)!.push(event);
  }
  return messages;
}
