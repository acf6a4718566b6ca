/** Faults and delays of simulated machines; all of them are off unless they are asked for. */
import { type Static, Type } from 'typebox';

const rate = (description: string) => Type.Number({ minimum: 0, maximum: 1, default: 0, description });
const milliseconds = (description: string) => Type.Integer({ minimum: 0, maximum: 3_600_000, default: 0, description });

export const SimulatedConfig = Type.Object(
  {
    seed: Type.String({
      maxLength: 64,
      default: 'vmgrid',
      description: 'The same seed gives the same faults to the same machines, in the order they are started in.',
    }),
    startMs: milliseconds(
      'Time from the start of a restored or resumed machine until its processors run; a suspension takes as long.',
    ),
    bootMs: milliseconds('Time from the start of a machine that boots until its processors run.'),
    actionMs: milliseconds('Time that each action takes, in addition to what its script sleeps.'),
    failureRate: rate('Share of starts that fail, at the step `failAt`.'),
    failAt: Type.Optional(
      Type.String({ maxLength: 64, description: 'Step at which starts fail. Left out: at any step.' }),
    ),
    actionFailureRate: rate('Share of attempts at an action that fail.'),
    hangRate: rate('Share of machines whose guest never answers.'),
    crashRate: rate('Share of machines whose process ends by itself.'),
    crashWithinSeconds: Type.Number({
      exclusiveMinimum: 0,
      maximum: 86_400,
      default: 60,
      description: 'Time within which those processes end, from their start.',
    }),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'Delays and faults of machines of the line `simulated`. All are off unless they are set.',
  },
);
export type SimulatedConfig = Static<typeof SimulatedConfig>;

/** Machines without delays and faults. */
export const UNTROUBLED: SimulatedConfig = {
  ...{ seed: 'vmgrid', startMs: 0, bootMs: 0, actionMs: 0 },
  ...{ failureRate: 0, actionFailureRate: 0, hangRate: 0, crashRate: 0, crashWithinSeconds: 60 },
};
