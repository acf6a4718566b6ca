/** The plant's records of its VMs and requests, read from its stores. */
import { ofOwner } from '@vmgrid/access';
import { Admission, type LimitsOfOwners, OwnerBook, RequestFingerprints } from '@vmgrid/bidding';
import { parseDuration } from '@vmgrid/protocol';
import type { PlantConfig } from '../config.ts';
import { LearntDurations } from '../creation/durations.ts';
import { OwnFailures } from '../creation/own-failures.ts';
import { nextRun } from '../database.ts';
import { Leases } from '../leases/leases.ts';
import { DestroyedVms } from '../vms/destroyed-vms.ts';
import { LivingMachines } from '../vms/living-machines.ts';
import { VmGate } from '../vms/vm-gate.ts';
import { VmPublisher } from '../vms/vm-publisher.ts';
import { VmRegistry } from '../vms/vm-registry.ts';
import type { PlantEvents } from './plant-events.ts';
import type { PlantPorts } from './ports.ts';

type BooksPorts = Pick<PlantPorts, 'clock' | 'host' | 'stores'>;

export async function openBooks({ clock, host, stores }: BooksPorts, config: PlantConfig, events: PlantEvents) {
  const { database, vms } = stores;
  const vmPublisher = new VmPublisher({ plantId: config.plantId, run: nextRun(database, clock.now()), clock });
  const requests = new RequestFingerprints();
  const owners = new OwnerBook(limitsOfOwners(config));
  const registry = await VmRegistry.open(vms, (...change) => vmPublisher.recorded(...change), requests);
  for (const record of registry.all()) vmPublisher.recorded(record);
  const { availableMemoryMiB } = host;
  const admission = new Admission(host.capacity, {
    changed: () => events.emit('usage'),
    limitsOf: (owner) => owners.limitsOf(owner),
    ownerChanged: (owner, usage) => owners.note(owner, usage),
    ...(availableMemoryMiB && { availableMemoryMiB }),
  });
  const listener = {
    ending: (vmId: string) => events.emit('leaseEnding', vmId),
    ended: (vmId: string) => events.emit('leaseEnded', vmId),
  };
  const warningMs = parseDuration(config.lease.warning);
  return {
    ...{ vmPublisher, requests, owners, registry, admission },
    leases: new Leases({ clock, hostClock: host.clock, listener }, { warningMs }),
    living: new LivingMachines(),
    gate: new VmGate(),
    durations: new LearntDurations(database),
    destroyedVms: new DestroyedVms(database, { requests, clock }),
    failures: new OwnFailures(clock),
  };
}

export type PlantBooks = Awaited<ReturnType<typeof openBooks>>;

function limitsOfOwners({ ownerLimits = {} }: PlantConfig): LimitsOfOwners {
  const names = Object.keys(ownerLimits.owners ?? {});
  return {
    others: ownerLimits.default ?? {},
    named: new Map(names.map((owner) => [owner, ofOwner(ownerLimits, owner)])),
  };
}
