/** Checks the grid's invariants: those of a plant whenever it has changed, all of them once the grid is at rest. */
import { ALWAYS, leasesEnd, misstated, undoneCompletely } from './invariants/plant-invariants.ts';
import { misbelieved } from './invariants/shop-invariants.ts';
import type { Ledger } from './ledger.ts';
import type { ShopNode } from './nodes/shop-node.ts';
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
export function checkRest({ shops, plants, ledger }: Known): void {
  for (const node of plants) {
    const view = { node, records: node.disk.records(), ledger };
    for (const invariant of [...ALWAYS, leasesEnd, undoneCompletely]) invariant(view);
  }
  for (const requestId of ledger.unanswered) {
    throw new Violation('every request answered', `${requestId} was never answered`, [requestId]);
  }
  const misbelieved = misbelievedVms({ shops, plants, ledger });
  requireCorrected('shops know what plants have', misbelieved, misbelieved);
}

/**
 * Returns the VMs whose record is wrong now, each with its record. A change in progress may explain it, but is soon
 * over.
 */
export function misstatedVms(plants: readonly PlantNode[]): ReadonlyMap<string, string> {
  const found = plants.flatMap((node) =>
    node.disk.records().flatMap((record) => {
      const problem = misstated(node, record);
      return problem === undefined ? [] : [[`${node.plantId}: ${problem}`, JSON.stringify(record)] as const];
    }),
  );
  return new Map(found);
}

interface Known {
  readonly shops: readonly ShopNode[];
  readonly plants: readonly PlantNode[];
  readonly ledger: Ledger;
}

/** Returns the VMs about which shops are wrong now. A report in transit may explain it, but soon arrives. */
export function misbelievedVms({ shops, plants, ledger }: Known): ReadonlyMap<string, string> {
  return new Map(shops.flatMap((shop) => plants.flatMap((plant) => misbelieved({ shop, plant }, ledger))));
}

/** Requires that what was wrong before has been corrected. @throws Violation */
export function requireCorrected(
  invariant: 'states are true' | 'shops know what plants have',
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): void {
  for (const [problem, said] of now) {
    if (before.get(problem) === said) throw new Violation(invariant, problem, problem.split(/[:, ]+/));
  }
}
