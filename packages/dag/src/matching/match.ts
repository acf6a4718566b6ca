/**
 * Decides whether the history of a golden image can be the beginning of a request: the tests subset, prefix and partial
 * order.
 */
import { MATCH_LIMITS, type MatchLimits } from '../limits.ts';
import type { DagIndex } from '../prepare.ts';
import { matchDistinct } from './match-distinct.ts';
import { matchDuplicates } from './match-duplicates.ts';
import type { Match, Verdict } from './verdict.ts';

/**
 * Tests one history (action digests in the order in which they ran) against a DAG.
 *
 * It matches when each entry can be assigned to a different, equal action of the DAG, so that the assigned actions are
 * closed under predecessors and their order is one that the DAG allows. When no action of the history occurs twice in
 * the DAG there is only one assignment, and the cost is linear in the history and the edges into it. Otherwise see
 * `replay.ts`.
 */
export function matchHistory(index: DagIndex, history: readonly string[], limits: MatchLimits = MATCH_LIMITS): Verdict {
  const entries: number[] = [];
  const counts = new Map<number, number>();
  let distinct = true;
  for (const [position, digest] of history.entries()) {
    const group = index.groupOfDigest.get(digest);
    const count = group === undefined ? 0 : (counts.get(group) ?? 0);
    if (group === undefined || count === index.members[group]!.length) {
      return { matches: false, test: 'subset', offender: { digest, position }, decided: true };
    }
    counts.set(group, count + 1);
    entries.push(group);
    distinct &&= index.members[group]!.length === 1;
  }
  const taken = distinct ? matchDistinct(index, entries) : matchDuplicates(index, entries, limits.searchSteps);
  return 'test' in taken ? taken : matchOf(index, taken.nodes);
}

function matchOf(index: DagIndex, nodes: readonly number[]): Match {
  const isTaken = new Uint8Array(index.graph.size);
  for (const node of nodes) isTaken[node] = 1;
  return {
    matches: true,
    matched: nodes.map((node) => index.ids[node]!),
    remaining: index.ids.filter((_, node) => isTaken[node] === 0),
  };
}
