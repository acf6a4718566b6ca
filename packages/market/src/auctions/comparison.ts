import { parseExpression } from '@vmgrid/classad';
import type { FailedCondition } from '@vmgrid/protocol';

/** A condition of the form `reference ⋛ number`, with the number that the reference stood for. */
export interface Comparison {
  readonly reference: string;
  readonly operator: '<' | '<=' | '>' | '>=' | '==';
  readonly limit: number;
  readonly actual: number;
}

const MIRRORED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==' } as const;

/** The comparison that a failed condition is, the reference to the left; undefined when it is anything else. */
export function readComparison({ text, references }: FailedCondition): Comparison | undefined {
  const { node } = parseExpression(text);
  if (node.kind !== 'binary' || !Object.hasOwn(MIRRORED, node.operator)) return undefined;
  const operator = node.operator as Comparison['operator'];
  const [left, right] = [numberOf(node.left), numberOf(node.right)];
  const [entry, ...others] = Object.entries(references);
  if (!entry || others.length > 0) return undefined;
  const [reference, value] = entry;
  const actual = Number(value);
  if (value === '' || !Number.isFinite(actual)) return undefined;
  if (node.left.kind === 'reference' && right !== undefined) return { reference, operator, limit: right, actual };
  if (node.right.kind === 'reference' && left !== undefined) {
    return { reference, operator: MIRRORED[operator], limit: left, actual };
  }
  return undefined;
}

type Node = ReturnType<typeof parseExpression>['node'];

function numberOf(node: Node): number | undefined {
  if (node.kind !== 'literal') return undefined;
  const { value } = node;
  if (value.kind === 'integer') return Number(value.value);
  return value.kind === 'real' ? value.value : undefined;
}
