/** Decides the faults and delays of simulated machines. They are drawn from a seed, so that a run can be repeated. */
import { createHash } from 'node:crypto';
import type { SimulatedConfig } from './simulated-config.ts';

/** The faults that one machine will meet. */
export interface Fate {
  /** Milliseconds until its processors run. */
  readonly startMs: number;
  /** Milliseconds of a boot, also of one that it does by itself. */
  readonly bootMs: number;
  readonly actionMs: number;
  /** The step of its start that fails. */
  readonly failAt: string | undefined;
  /** Its agent never answers. */
  readonly hangs: boolean;
  /** Seconds after its start at which its process ends by itself. */
  readonly endsAfterSeconds: number | undefined;
  /** Called once for each attempt at an action. */
  actionFails(): boolean;
}

/** Returns numbers from 0 up to, but not including, 1. They are evenly spread, and the same for the same words. */
const draw = (...words: readonly (string | number)[]): number =>
  createHash('sha256').update(words.join('\n')).digest().readUInt32LE(0) / 2 ** 32;

/** One start of a machine. */
export interface SimulatedStart {
  /** Its number in this run of the plant. */
  readonly ordinal: number;
  readonly start: 'restore' | 'boot' | 'resume';
  /** The steps that may fail, unless the configuration names some. */
  readonly steps: readonly string[];
}

/** Returns the fate of the machine that is started. Pure. */
export function fateOf(config: SimulatedConfig, { ordinal, start, steps }: SimulatedStart): Fate {
  const {
    seed,
    startMs,
    bootMs,
    actionMs,
    failAt,
    failureRate,
    hangRate,
    crashRate,
    crashWithinSeconds,
    actionFailureRate,
  } = config;
  const happens = (what: string, rate: number) => draw(seed, ordinal, what) < rate;
  const step = failAt ?? steps[Math.floor(draw(seed, ordinal, 'step') * steps.length)];
  let attempts = 0;
  return {
    startMs: start === 'boot' ? bootMs : startMs,
    ...{ bootMs, actionMs },
    failAt: happens('failure', failureRate) ? step : undefined,
    hangs: happens('hang', hangRate),
    endsAfterSeconds: happens('crash', crashRate) ? draw(seed, ordinal, 'crash time') * crashWithinSeconds : undefined,
    actionFails() {
      attempts += 1;
      return draw(seed, ordinal, 'action', attempts) < actionFailureRate;
    },
  };
}
