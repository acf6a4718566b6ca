/** How simulated machines behave; all of it is off unless it is asked for. */
import { type Static, Type } from 'typebox';

const Rate = Type.Number({ minimum: 0, maximum: 1, default: 0 });
const Milliseconds = Type.Integer({ minimum: 0, maximum: 3_600_000, default: 0 });

export const SimulatedConfig = Type.Object(
  {
    /** The same seed makes the same machines meet with the same, in the order they are started in. */
    seed: Type.String({ maxLength: 64, default: 'vmgrid' }),
    /** From the start of a restored or resumed machine until its processors run; as long takes a suspension. */
    startMs: Milliseconds,
    /** The same of one that boots. */
    bootMs: Milliseconds,
    /** What each action takes beside what its script sleeps. */
    actionMs: Milliseconds,
    /** Share of starts that fail, at the step `failAt`, or at any. */
    failureRate: Rate,
    failAt: Type.Optional(Type.String({ maxLength: 64 })),
    /** Share of attempts at an action that fail. */
    actionFailureRate: Rate,
    /** Share of machines whose guest never answers. */
    hangRate: Rate,
    /** Share of machines whose process ends by itself, within `crashWithinSeconds` of its start. */
    crashRate: Rate,
    crashWithinSeconds: Type.Number({ exclusiveMinimum: 0, maximum: 86_400, default: 60 }),
  },
  { additionalProperties: false, default: {} },
);
export type SimulatedConfig = Static<typeof SimulatedConfig>;

/** Machines that take no time and meet with nothing. */
export const UNTROUBLED: SimulatedConfig = {
  ...{ seed: 'vmgrid', startMs: 0, bootMs: 0, actionMs: 0 },
  ...{ failureRate: 0, actionFailureRate: 0, hangRate: 0, crashRate: 0, crashWithinSeconds: 60 },
};
