/** Holds the grid to its invariants: plants whenever they have changed, everything once it is at rest. */
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

/** VMs whose record says what is not so now, each with its record: a change that is under way is soon over. */
export function misstatedVms(plants: readonly PlantNode[]): ReadonlyMap<string, string> {
  const found = plants.flatMap((node) =>
    node.disk.records().flatMap((record) => {
      const problem = misstated(node, record);
      return problem === undefined ? [] : [[`${node.plantId}: ${problem}`, JSON.stringify(record)] as const];
    }),
  );
  return new Map(found);
}

/** Nothing is left of a cancelled request. Holds once plants are back and have been told. @throws Violation */
export function requireUndone({ plants, ledger }: Known): void {
  for (const node of plants) {
    const left = node.disk.records().find(({ requestId }) => ledger.cancelled.has(requestId));
    if (!left) continue;
    const { vmId, requestId, state } = left;
    const message = `${requestId} was cancelled, and ${node.plantId} has the VM ${vmId}, which is ${state}`;
    throw new Violation('cancelled is undone', message, [requestId, vmId]);
  }
}

interface Known {
  readonly shops: readonly ShopNode[];
  readonly plants: readonly PlantNode[];
  readonly ledger: Ledger;
}

/** What shops take VMs for that is not so now: what is being told is soon known. */
export function misbelievedVms({ shops, plants, ledger }: Known): ReadonlyMap<string, string> {
  return new Map(shops.flatMap((shop) => plants.flatMap((plant) => misbelieved({ shop, plant }, ledger))));
}

/** What was so before is so still. @throws Violation */
export function requireCorrected(
  invariant: 'states are true' | 'shops know what plants have',
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): void {
  for (const [problem, said] of now) {
    if (before.get(problem) === said) throw new Violation(invariant, problem, problem.split(/[:, ]+/));
  }
}
