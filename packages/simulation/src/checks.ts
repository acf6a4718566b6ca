/** Holds the grid to its invariants: plants whenever they have changed, everything once it is at rest. */
import { ALWAYS, leasesEnd, undoneCompletely } from './invariants/plant-invariants.ts';
import type { Ledger } from './ledger.ts';
import type { PlantNode } from './plant/plant-node.ts';
import { Violation } from './violation.ts';
import type { World } from './world/world.ts';

/** @throws Violation */
export function checkPlant(node: PlantNode, ledger: Ledger, world: World): void {
  const records = node.disk.records();
  const { appeared, gone } = ledger.follow(node.plantId, records, world.now());
  for (const { vmId, requestId, others } of appeared) {
    world.note(`record ${vmId} of ${requestId} on ${node.plantId}`);
    if (others.length > 0) ledger.split.add(requestId);
  }
  for (const vmId of gone) world.note(`gone ${vmId} from ${node.plantId}`);
  for (const invariant of ALWAYS) invariant({ node, records, ledger });
}

/** @throws Violation */
export function checkRest(plants: readonly PlantNode[], ledger: Ledger): void {
  for (const node of plants) {
    const view = { node, records: node.disk.records(), ledger };
    for (const invariant of [...ALWAYS, leasesEnd, undoneCompletely]) invariant(view);
  }
  for (const [requestId, { kind }] of ledger.requests) {
    if (kind !== 'open') continue;
    throw new Violation('every request answered', `${requestId} was never answered`, [requestId]);
  }
}
