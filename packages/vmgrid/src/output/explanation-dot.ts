/**
 * Draws an explanation as a graph in Graphviz DOT: the request's DAG, the actions that the chosen image has, and where
 * the nearest miss would need changes.
 */
import type { CreateRequest, ExplainedMiss, ExplainReply, MachineSpec, PlantExplanation } from '@vmgrid/protocol';
import { relaxationText } from './explanation-text.ts';

type MachineRequest = Pick<CreateRequest, 'machine' | 'dag'>;

/** Among several plants, draws the one that would be ready soonest. */
export function explanationDot({ machine, dag }: MachineRequest, { plants }: ExplainReply): string {
  const plant = soonest(plants);
  const miss = plant?.misses.nearest[0];
  const cached = new Set(plant?.chosen?.cached);
  const before = new Set((dag.edges ?? []).map(({ to }) => to));
  return [
    'digraph request {',
    '  rankdir=LR; node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];',
    `  ${quote('/start')} [shape=oval, label=${label(machineLines(machine))}];`,
    ...dag.actions.map(({ id, kind }) => {
      const fill = cached.has(id) ? ', fillcolor=palegreen' : '';
      return `  ${quote(id)} [label=${label([id, kind])}${fill}${actionMark(id, miss)}];`;
    }),
    ...dag.actions.filter(({ id }) => !before.has(id)).map(({ id }) => `  ${quote('/start')} -> ${quote(id)};`),
    ...(dag.edges ?? []).map(({ from, to }) => `  ${quote(from)} -> ${quote(to)}${edgeMark(from, to, miss)};`),
    ...(plant ? legend(plant, miss) : []),
    '}',
  ].join('\n');
}

function soonest(plants: readonly PlantExplanation[]): PlantExplanation | undefined {
  const expected = ({ chosen }: PlantExplanation): number => chosen?.expectedSeconds ?? Number.MAX_VALUE;
  return plants.toSorted((a, b) => expected(a) - expected(b))[0];
}

/** No action's id starts with a slash, so these names are free. */
function legend({ plantId, chosen }: PlantExplanation, miss: ExplainedMiss | undefined): string[] {
  const choice = chosen
    ? [
        `${plantId}: ${chosen.start} ${chosen.imageId}`,
        `${chosen.cached.length} cached, ${chosen.remaining.length} to run`,
        `ready in ${chosen.expectedSeconds} s`,
      ]
    : [`${plantId}: no image matches`];
  const lines = [`  ${quote('/chosen')} [shape=cylinder, fillcolor=palegreen, label=${label(choice)}];`];
  lines.push(`  ${quote('/chosen')} -> ${quote('/start')} [style=dotted, arrowhead=none];`);
  if (miss) {
    const text = [`nearest miss: ${miss.imageId}`, `${miss.test}: ${miss.reason}`, `to match: ${relaxationText(miss)}`];
    lines.push(`  ${quote('/miss')} [shape=note, style=filled, fillcolor=mistyrose, label=${label(text)}];`);
    const at = dropped(miss) ?? miss.offender?.missing;
    if (at !== undefined) lines.push(`  ${quote('/miss')} -> ${quote(at)} [style=dotted, color=red];`);
  }
  return lines;
}

const dropped = (miss: ExplainedMiss): string | undefined =>
  miss.changes.flatMap((change) => (change.kind === 'drop-action' ? [change.action] : []))[0];

function actionMark(id: string, miss: ExplainedMiss | undefined): string {
  const isDropped = miss?.changes.some((change) => change.kind === 'drop-action' && change.action === id);
  return isDropped ? ', color=red, style="rounded,filled,dashed"' : '';
}

function edgeMark(from: string, to: string, miss: ExplainedMiss | undefined): string {
  const isRemoved = miss?.changes.some(
    (change) => change.kind === 'remove-edge' && change.from === from && change.to === to,
  );
  return isRemoved ? ' [color=red, style=dashed]' : '';
}

const machineLines = ({ os, arch, memoryMiB, cpus, diskMiB }: MachineSpec): string[] => [
  `${os} on ${arch}`,
  `${memoryMiB} MiB, ${cpus} cpus, disk ${diskMiB} MiB`,
];

const label = (lines: readonly string[]): string => quote(lines.join('\n'));

const quote = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
