/** Writes a simulation's report for people. */
import type { SimulationOptions } from './options.ts';
import type { SimulationReport } from './report.ts';

export function reportText(report: SimulationReport): string {
  const { options, requests, made, refused, split, outcomes, faults, events, digest, violation } = report;
  const codes = countsText(refused);
  const lines = [
    `seed ${options.seed}: ${options.plants} plants, ${options.shops} shops, ${events} events, ${faults} faults`,
    `  ${made} of ${requests} requests became VMs${codes === '' ? '' : `, refused: ${codes}`}`,
    ...(split > 0 ? [`  ${split} became two, the plant of the first being out of reach`] : []),
    ...Object.entries(outcomes)
      .filter(([verb]) => verb !== 'create')
      .map(([verb, counts]) => `  ${verb}: ${countsText(counts)}`),
    `  digest ${digest}`,
  ];
  if (!violation) return [...lines, '  every invariant held'].join('\n');
  return [
    ...violation.trace.map((line) => `  | ${line}`),
    ...lines,
    `  VIOLATED: ${violation.invariant}: ${violation.message}`,
    `  again: ${commandOf(options)}`,
  ].join('\n');
}

/** Returns the command that repeats exactly this run. */
export function commandOf({ seed, plants, shops, brokers, requests, seconds, ...rest }: SimulationOptions): string {
  const given = { seed, plants, shops, brokers: brokers.join(','), requests, seconds, ...rest };
  const words = Object.entries(given).flatMap(([name, value]) =>
    value === '' ? [] : [`--${name}`, quote(String(value))],
  );
  return ['vmgrid simulate', ...words].join(' ');
}

const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');

const quote = (word: string): string => (/^[\w.,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
