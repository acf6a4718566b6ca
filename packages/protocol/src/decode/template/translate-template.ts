/** Translates placement from GridWay's job templates and OpenNebula's VM templates to ClassAd expressions. Pure. */
import { GridError } from '../../errors/grid-error.ts';
import type { CreateRequest } from '../../schema/requests.ts';
import { placeAt } from '../text-place.ts';
import { type TemplateAssignment, templateAssignments } from './assignments.ts';
import { TemplateFault } from './template-fault.ts';
import { TemplateTokens } from './tokens.ts';
import { translateRank } from './translate-rank.ts';
import { translateRequirements } from './translate-requirements.ts';

type Placement = Pick<CreateRequest, 'requirements' | 'rank'>;

const FIELDS: ReadonlyMap<string, keyof Placement> = new Map([
  ['REQUIREMENTS', 'requirements'],
  ['SCHED_REQUIREMENTS', 'requirements'],
  ['RANK', 'rank'],
  ['SCHED_RANK', 'rank'],
]);
const TRANSLATE = { requirements: translateRequirements, rank: translateRank } as const;

/**
 * Translates a template; an empty expression asks for nothing. Throws GridError EXPRESSION_INVALID with the place; for
 * a fault inside an expression, with the place in the expression.
 */
export function translateTemplate(template: string): Placement {
  const placement: { -readonly [F in keyof Placement]: Placement[F] } = {};
  for (const { variable, expression } of placed(template, {}, () => templateAssignments(template))) {
    const field = FIELDS.get(variable);
    if (field === undefined) throw unknownVariable(variable);
    if (placement[field] !== undefined) throw invalid(`${variable} gives ${field} a second time`, { variable });
    const translated = translateExpression(field, { variable, expression });
    if (translated !== '') placement[field] = translated;
  }
  return placement;
}

function translateExpression(field: keyof Placement, { variable, expression }: TemplateAssignment): string {
  return placed(expression, { variable }, () => {
    const tokens = new TemplateTokens(expression);
    if (tokens.next.kind === 'end') return '';
    const translated = TRANSLATE[field](tokens);
    tokens.requireEnd();
    return translated;
  });
}

/** Returns the result of the work; turns its TemplateFault into a GridError with line and column in the text. */
function placed<T>(text: string, details: { readonly variable?: string }, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof TemplateFault)) throw thrown;
    const place = placeAt(text, thrown.offset);
    const subject = details.variable === undefined ? '' : `${details.variable}: `;
    const message = `${subject}${thrown.message} (line ${place.line}, column ${place.column})`;
    throw invalid(message, { ...details, ...place }, thrown);
  }
}

const unknownVariable = (variable: string): GridError =>
  invalid(`${variable.slice(0, 40)} cannot be asked for; known are ${[...FIELDS.keys()].join(', ')}`, { variable });

const invalid = (message: string, details: object, cause?: unknown): GridError =>
  new GridError('EXPRESSION_INVALID', `template: ${message}`, { field: 'template', ...details }, { cause });
