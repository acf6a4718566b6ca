/** The existing machine of a VM: it belongs to the VM's record, folder and disk. */

import type { Machine, ProductionLine, StartOrder } from '@vmgrid/lines';
import { GridError, type LineName } from '@vmgrid/protocol';
import type { ImageInventory } from '@vmgrid/warehouse';
import type { PlantConfig } from '../config.ts';
import type { VmRecord } from '../vms/vm.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';

export interface OwnMachineDeps {
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  readonly registry: VmRegistry;
  readonly warehouse: { readonly inventory: Pick<ImageInventory, 'image'> };
  readonly guestNetwork: PlantConfig['guestNetwork'];
}

/** @throws GridError LINE_UNAVAILABLE */
export function lineOf({ vmId, line }: VmRecord, { lines }: Pick<OwnMachineDeps, 'lines'>): ProductionLine {
  const found = lines.get(line);
  if (found) return found;
  throw new GridError('LINE_UNAVAILABLE', `the line ${line} is not offered here any more`, { vmId });
}

/**
 * Starts the machine again: from its saved memory, or from its disk. Its network is closed. @throws GridError
 * LINE_UNAVAILABLE, VMM_FAILED
 */
export async function startAgain(
  { record, start }: { readonly record: VmRecord; readonly start: Extract<StartOrder['start'], 'resume' | 'boot'> },
  deps: OwnMachineDeps,
  signal: AbortSignal,
): Promise<Machine> {
  const { vmId, machine, macAddress, imageId } = record;
  const { registry, warehouse, guestNetwork } = deps;
  const order: StartOrder = {
    ...{ vmId, machine, macAddress, start, guestNetwork, purpose: 'clone' },
    directory: registry.directory(vmId),
    image: await warehouse.inventory.image(imageId),
  };
  return lineOf(record, deps).start(order, signal);
}
