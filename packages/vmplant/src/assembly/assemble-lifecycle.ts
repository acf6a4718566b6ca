/** Assembles the parts that suspend, start and end VMs, on request or at the end of their leases. */
import type { PlantConfig } from '../config.ts';
import { LeaseService, type LeaseServiceDeps } from '../leases/lease-service.ts';
import { Collector, type CollectorDeps } from '../lifecycle/collector.ts';
import { Starter, type StarterDeps } from '../lifecycle/starter.ts';
import { Suspender, type SuspenderDeps } from '../lifecycle/suspender.ts';
import type { VmPublisher } from '../vms/vm-publisher.ts';
import type { PlantEvents } from './plant-events.ts';

export type LifecycleDeps = SuspenderDeps &
  StarterDeps &
  Omit<CollectorDeps, 'wake'> &
  Omit<LeaseServiceDeps, 'warn' | 'suspend' | 'collect'> & {
    readonly vmPublisher: Pick<VmPublisher, 'leaseEnding'>;
    readonly events: PlantEvents;
  };

/** The signal of work that nobody requested, and that nobody cancels. */
const UNASKED = new AbortController().signal;

export function assembleLifecycle(deps: LifecycleDeps, config: PlantConfig) {
  const { events, vmPublisher } = deps;
  const suspender = new Suspender(deps);
  const starter = new Starter(deps);
  const wake: CollectorDeps['wake'] = ({ vmId, state }, request) =>
    state === 'stopped' ? starter.start(vmId, request, UNASKED) : suspender.resume(vmId, request, UNASKED);
  const collector = new Collector({ ...deps, wake }, config);
  const leaseService = new LeaseService(
    {
      ...deps,
      warn: (record) => vmPublisher.leaseEnding(record),
      suspend: (vmId, request) => suspender.suspend(vmId, request, UNASKED),
      collect: (vmId, request) => collector.collect(vmId, request),
    },
    config,
  );
  events.on('leaseEnding', (vmId) => leaseService.ending(vmId));
  events.on('leaseEnded', (vmId) => leaseService.ended(vmId));
  return { suspender, starter, collector, leaseService };
}
