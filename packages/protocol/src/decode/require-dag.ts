import { checkDag, DAG_LIMITS, type Dag, type DagFault } from '@vmgrid/dag';
import { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';
import { show } from '../schema/validation/show.ts';
import { checkActionDurations } from './duration.ts';

/** Ids of a cycle that the message names; the details have all. */
const NAMED_IDS = 12;

/**
 * Throws GridError DAG_DUPLICATE_ID, DAG_EDGE_UNKNOWN, DAG_CYCLE, DURATION_INVALID or REQUEST_INVALID unless the DAG
 * can be run. `field` is its place in the request, such as `dag`.
 */
export function requireDag(field: string, dag: Dag): void {
  const fault = checkDag(dag);
  if (fault !== undefined) throw errorOf(field, fault);
  checkActionDurations(field, dag);
}

function errorOf(field: string, fault: DagFault): GridError {
  switch (fault.kind) {
    case 'duplicate-id': {
      const [first, second] = fault.indexes.map((index) => `${field}.actions[${index}]`);
      return new GridError('DAG_DUPLICATE_ID', `${first} and ${second} both have the id ${show(fault.id)}`, {
        field,
        id: fault.id,
      });
    }
    case 'edge-unknown': {
      const { edge, index, unknown } = fault;
      const message = `${field}.edges[${index}] goes from ${show(edge.from)} to ${show(edge.to)}, but no action has the id ${show(unknown)}`;
      return new GridError('DAG_EDGE_UNKNOWN', message, { field, from: edge.from, to: edge.to, unknown });
    }
    case 'cycle':
      return new GridError('DAG_CYCLE', `the edges of ${field} form a cycle: ${cycleText(fault.ids)}`, {
        field,
        ids: fault.ids,
      });
    case 'content':
      return requestInvalid(field, `the action ${show(fault.id)} in ${field} has ${CONTENT_PROBLEMS[fault.problem]}`);
    case 'content-encoding':
      return requestInvalid(field, `the content of action ${show(fault.id)} in ${field} is not base64`);
    case 'shell-line':
      return requestInvalid(
        field,
        `the script of action ${show(fault.id)} in ${field} has ${SHELL_PROBLEMS[fault.problem]}`,
      );
    case 'restarts':
      return requestInvalid(
        field,
        `${fault.count} actions in ${field} restart the machine, at most ${DAG_LIMITS.restarts} may: join some of them`,
      );
  }
}

const CONTENT_PROBLEMS = {
  none: 'no content: give it one, or the contentDigest of an uploaded file (`vmgrid files put`)',
  twice: 'a contentDigest and a content or encoding: leave out one of them',
} as const;

const SHELL_PROBLEMS = {
  late: 'white space before its #!, which therefore would name no shell: begin the script with #!',
  'carriage-return':
    'a carriage return at the end of its #! line, which no shell has in its name: end lines with LF alone',
} as const;

function cycleText(ids: readonly string[]): string {
  const named = ids.slice(0, NAMED_IDS);
  const rest = ids.length > named.length ? [`… (${ids.length - named.length} more)`] : [];
  return [...named, ...rest, ids[0]].join(' → ');
}
