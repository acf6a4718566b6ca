/**
 * Writes an explanation for people: the choice with its reason, the candidates, the number of misses and the nearest of
 * them.
 */
import type {
  ExplainedCandidate,
  ExplainedChoice,
  ExplainedMiss,
  ExplainReply,
  PlantExplanation,
  RequestChange,
} from '@vmgrid/protocol';
import { table } from './output.ts';

export const explanationText = ({ plants }: ExplainReply): string =>
  plants.map(plantText).join('\n\n') || 'no plant answered';

/** A change of the request in a few words. */
export function changeText(change: RequestChange): string {
  switch (change.kind) {
    case 'add-action':
      return `add action ${change.action}`;
    case 'drop-action':
      return `drop action ${change.action}`;
    case 'remove-edge':
      return `remove edge ${change.from}→${change.to}`;
    case 'set-machine':
      return `${change.field} ${change.relation === 'equal' ? '=' : '≥'} ${change.value}`;
    default:
      return change satisfies never;
  }
}

/** Lists everything that would have to change for an image to match. */
export function relaxationText({ changes, suffices }: Pick<ExplainedMiss, 'changes' | 'suffices'>): string {
  const known = changes.map(changeText);
  return (suffices ? known : [...known, 'and more']).join(', ');
}

function plantText(explanation: PlantExplanation): string {
  const { plantId, images, perMachine, warnings, chosen, candidates, misses } = explanation;
  const failed = misses.counts
    .filter(({ count }) => count > 0)
    .map(({ test, count }) => `${count} by the ${test} test`);
  const parts = [
    `${plantId}: ${candidates.count} of ${images} images match${failed.length === 0 ? '' : `; failed: ${failed.join(', ')}`}`,
    chosen ? choiceText(chosen) : 'No image can become this machine.',
  ];
  if (perMachine.length > 0) parts.push(`  for each machine ${perMachine.join(' ')}`);
  for (const { action, reads } of warnings)
    parts.push(`  warning: ${action} seems to read ${reads}, and is not perMachine`);
  if (candidates.nearest.length > 0) parts.push(section('Candidates', candidateTable(candidates.nearest)));
  if (misses.nearest.length > 0) parts.push(section('Nearest misses', missTable(misses.nearest)));
  return parts.join('\n');
}

const section = (title: string, body: string): string => `\n${title}\n${body}`;

const choiceText = ({ line, start, imageId, expectedSeconds, why, cached, remaining }: ExplainedChoice): string =>
  [
    `Would ${start} ${imageId} on ${line}, ready in ${expectedSeconds} s: ${why}.`,
    `  has    ${cached.join(' ') || '-'}`,
    `  to run ${remaining.join(' ') || '-'}`,
  ].join('\n');

const candidateTable = (candidates: readonly ExplainedCandidate[]): string =>
  table(
    ['image', 'cached', 'left', 'restore', 'boot', 'note'],
    candidates.map((candidate) => [
      ...[candidate.imageId, candidate.actionsCached, candidate.actionsLeft],
      ...[secondsTo('restore', candidate), secondsTo('boot', candidate), noteOf(candidate)],
    ]),
  );

function secondsTo(wanted: 'restore' | 'boot', { starts }: ExplainedCandidate): string | undefined {
  const found = starts.find(({ start }) => start === wanted);
  return found && `${found.expectedSeconds} s`;
}

function noteOf({ whyNotRestore, whyNotBoot = '', toRestore = [] }: ExplainedCandidate): string {
  if (whyNotRestore === undefined) return whyNotBoot;
  return toRestore.length === 0
    ? whyNotRestore
    : `${whyNotRestore} (to restore: ${toRestore.map(changeText).join(', ')})`;
}

const missTable = (misses: readonly ExplainedMiss[]): string =>
  table(
    ['image', 'failed', 'because', 'shared', 'would take', 'to match'],
    misses.map((miss) => [
      ...[miss.imageId, miss.test, miss.reason, miss.actionsShared, `${miss.expectedSeconds} s`, relaxationText(miss)],
    ]),
  );
