import { REQUEST_LIMITS } from '../../limits.ts';
import { attributeOf, type TemplateAttribute } from './attributes.ts';
import { globCondition, globMember } from './glob.ts';
import { numberText } from './number-text.ts';
import { TemplateFault } from './template-fault.ts';
import type { TemplateToken, TemplateTokens } from './tokens.ts';

const CLASSAD_NUMERIC: Readonly<Record<string, string>> = {
  '=': '==',
  '!=': '!=',
  '>': '>',
  '<': '<',
  '>=': '>=',
  '<=': '<=',
};
const JOINED = { '&': '&&', '|': '||' } as const;

/**
 * Translates a boolean expression to ClassAd. `!`, `&` and `|` have the same precedence and associate to the left, as
 * in the grammars of GridWay and OpenNebula. Throws TemplateFault.
 */
export function translateRequirements(tokens: TemplateTokens, depth = 0): string {
  let left = translateUnary(tokens, depth);
  let last: string | undefined;
  for (;;) {
    const symbol = tokens.takeSymbol('&', '|') as keyof typeof JOINED | undefined;
    if (symbol === undefined) return left;
    if (last !== undefined && last !== symbol) left = `(${left})`;
    left = `${left} ${JOINED[symbol]} ${translateUnary(tokens, depth)}`;
    last = symbol;
  }
}

function translateUnary(tokens: TemplateTokens, depth: number): string {
  if (depth > REQUEST_LIMITS.templateDepth) {
    throw new TemplateFault(`this is nested deeper than ${REQUEST_LIMITS.templateDepth}`, tokens.next.offset);
  }
  if (tokens.takeSymbol('!') !== undefined) return `!(${translateUnary(tokens, depth + 1)})`;
  if (tokens.takeSymbol('(') === undefined) return translateCondition(tokens);
  const inner = translateRequirements(tokens, depth + 1);
  tokens.requireSymbol(')');
  return `(${inner})`;
}

function translateCondition(tokens: TemplateTokens): string {
  if (tokens.next.kind !== 'word') throw tokens.unexpected('the name of an attribute');
  const name = tokens.take();
  const attribute = attributeOf(name);
  const operator = tokens.takeSymbol('=', '!=', '>', '<', '>=', '<=', '@>');
  if (operator === undefined) throw tokens.unexpected('one of = != > < >= <= @>');
  return CONDITIONS[attribute.kind]({ name, attribute, operator, tokens });
}

interface Comparison {
  readonly name: TemplateToken;
  readonly attribute: TemplateAttribute;
  readonly operator: string;
  /** Positioned at the value. */
  readonly tokens: TemplateTokens;
}

const CONDITIONS: { readonly [K in TemplateAttribute['kind']]: (comparison: Comparison) => string } = {
  number(comparison) {
    const { attribute, operator, tokens } = comparison;
    const spelling = CLASSAD_NUMERIC[operator] ?? refuseOperator(comparison, 'a number');
    const sign = tokens.takeSymbol('-') ?? '';
    const { kind, text } = tokens.next;
    // OpenNebula puts numbers in quotes too.
    if (kind !== 'number' && !(kind === 'text' && /^\d+(\.\d+)?$/.test(text))) throw tokens.unexpected('a number');
    return `${attribute.expression} ${spelling} ${sign}${numberText(tokens.take().text)}`;
  },
  text(comparison) {
    const { attribute, operator, tokens } = comparison;
    if (operator !== '=' && operator !== '!=') refuseOperator(comparison, 'a text');
    const { text, offset } = takeText(tokens);
    const equal = globCondition(attribute.expression, text, offset);
    return operator === '=' ? equal : `!(${equal})`;
  },
  list(comparison) {
    const { attribute, operator, tokens } = comparison;
    if (operator !== '=' && operator !== '!=' && operator !== '@>') refuseOperator(comparison, 'a list');
    const { text, offset } = takeText(tokens);
    const member = globMember(attribute.expression, text, offset);
    return operator === '!=' ? `!${member}` : member;
  },
};

function refuseOperator({ name, operator }: Comparison, kind: string): never {
  throw new TemplateFault(`${name.text} is ${kind}, which ${operator} cannot compare`, name.offset);
}

/** Reads a quoted text, or a bare word. */
function takeText(tokens: TemplateTokens): TemplateToken {
  const { kind } = tokens.next;
  if (kind !== 'text' && kind !== 'word') throw tokens.unexpected('a text in quotes');
  return tokens.take();
}
