import { type Durations, durationKey } from '@vmgrid/bidding';
import type { Configuration } from '../configuration/configuration.ts';
import type { PlannedMaking } from './making.ts';

/** Durations to which measurements can be added. */
export interface DurationBook extends Durations {
  learn(key: string, seconds: number): void;
  /** Notes that the object of this key came again without a measurement, so that it is remembered for longer. */
  meet(key: string): void;
}

/**
 * Learns from a machine that was made: the duration of its start and of each action. Actions that its image spared
 * count as having come again.
 */
export function learnFrom(
  { plan, phases: { phasesMs } }: Pick<PlannedMaking, 'plan' | 'phases'>,
  configuration: Configuration,
  durations: DurationBook,
): void {
  const startSeconds = ((phasesMs[plan.start] ?? 0) + (phasesMs.agent ?? 0)) / 1000;
  durations.learn(durationKey.start(plan.start, plan.line, plan.image.manifest.id), startSeconds);
  durations.learn(durationKey.startOfLine(plan.start, plan.line), startSeconds);
  for (const { digest } of plan.image.manifest.history) durations.meet(durationKey.action(digest));
  for (const { digest, kind, seconds } of configuration.history) {
    durations.learn(durationKey.action(digest), seconds);
    durations.learn(durationKey.kind(kind), seconds);
  }
}
