/** Whether the history of a golden image can be where a request begins: the tests subset, prefix and partial order. */
import { MATCH_LIMITS, type MatchLimits } from './limits.ts';
import { matchDistinct } from './match-distinct.ts';
import { matchDuplicates } from './match-duplicates.ts';
import type { DagIndex } from './prepare.ts';
import type { Match, Verdict } from './verdict.ts';

/**
 * Tests one history (action digests in the order they ran) against a DAG.
 *
 * It matches when its entries can be given to different actions of the DAG, each to an equal one, so that the actions taken
 * are closed under predecessors and the order is one the DAG allows. When no action of the history stands twice in the DAG
 * there is one way to do so, and the cost is linear in the history and the edges into it; else see `replay.ts`.
 */
export function matchHistory(index: DagIndex, history: readonly string[], limits: MatchLimits = MATCH_LIMITS): Verdict {
  const entries: number[] = [];
  const counts = new Int32Array(index.members.length);
  let distinct = true;
  for (const [position, digest] of history.entries()) {
    const group = index.groupOfDigest.get(digest);
    const members = group === undefined ? 0 : index.members[group]!.length;
    if (group === undefined || ++counts[group]! > members) {
      return { matches: false, test: 'subset', offender: { digest, position }, decided: true };
    }
    entries.push(group);
    distinct &&= members === 1;
  }
  const taken = distinct ? matchDistinct(index, entries) : matchDuplicates(index, entries, limits.searchSteps);
  return 'test' in taken ? taken : matchOf(index, taken.nodes);
}

function matchOf(index: DagIndex, nodes: readonly number[]): Match {
  const taken = new Set(nodes);
  return {
    matches: true,
    matched: nodes.map((node) => index.ids[node]!),
    remaining: index.ids.filter((_, node) => !taken.has(node)),
  };
}
