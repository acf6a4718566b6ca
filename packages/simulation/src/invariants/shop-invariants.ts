/** Invariants of a shop that must hold when nothing is in progress. */
import type { ToldVm } from '@vmgrid/protocol';
import type { Ledger } from '../ledger.ts';
import type { ShopNode } from '../nodes/shop-node.ts';
import type { PlantNode } from '../plant/plant-node.ts';

/**
 * Returns the VMs for which a shop's belief differs from the plant's state, each with the belief. A request that a
 * client waits for may wait for its turn at the plant, which has no record of it yet.
 */
export function misbelieved(
  { shop, plant }: { readonly shop: ShopNode; readonly plant: PlantNode },
  ledger: Pick<Ledger, 'isOpen'>,
): readonly (readonly [problem: string, believed: string])[] {
  const { plantId } = plant;
  const waits = (vm: ToldVm) => vm.vmId === undefined && ledger.isOpen(vm.requestId);
  const told = (shop.book?.of(plantId).vms ?? []).filter((vm) => !waits(vm));
  const believed = new Map(told.map((vm) => [vm.requestId, `${vm.vmId} ${vm.state}`]));
  const records = new Map(plant.disk.records().map((vm) => [vm.requestId, `${vm.vmId} ${vm.state}`]));
  const requestIds = new Set([...believed.keys(), ...records.keys()]);
  return [...requestIds].flatMap((requestId) => {
    const [said, is] = [believed.get(requestId) ?? 'nothing', records.get(requestId) ?? 'nothing'];
    if (said === is) return [];
    return [[`${shop.name} takes what ${plantId} has of ${requestId} for ${said}, and it is ${is}`, said] as const];
  });
}
