import { REQUEST_LIMITS } from '../../limits.ts';
import { attributeOf } from './attributes.ts';
import { numberText } from './number-text.ts';
import { TemplateFault } from './template-fault.ts';
import type { TemplateTokens } from './tokens.ts';

/** Translates an arithmetic expression to ClassAd; its division keeps fractions. Throws TemplateFault. */
export function translateRank(tokens: TemplateTokens, depth = 0): string {
  let left = translateProduct(tokens, depth);
  for (;;) {
    const operator = tokens.takeSymbol('+', '-');
    if (operator === undefined) return left;
    left = `${left} ${operator} ${translateProduct(tokens, depth)}`;
  }
}

function translateProduct(tokens: TemplateTokens, depth: number): string {
  let left = translateFactor(tokens, depth);
  for (;;) {
    const operator = tokens.takeSymbol('*', '/');
    if (operator === undefined) return left;
    const dividend = operator === '/' ? `real(${left})` : left;
    left = `${dividend} ${operator} ${translateFactor(tokens, depth)}`;
  }
}

function translateFactor(tokens: TemplateTokens, depth: number): string {
  if (depth > REQUEST_LIMITS.templateDepth) {
    throw new TemplateFault(`this is nested deeper than ${REQUEST_LIMITS.templateDepth}`, tokens.next.offset);
  }
  if (tokens.takeSymbol('-') !== undefined) return `-(${translateFactor(tokens, depth + 1)})`;
  if (tokens.takeSymbol('(') !== undefined) {
    const inner = translateRank(tokens, depth + 1);
    tokens.requireSymbol(')');
    return `(${inner})`;
  }
  if (tokens.next.kind === 'number') return numberText(tokens.take().text);
  if (tokens.next.kind === 'word') return translateName(tokens);
  throw tokens.unexpected('a number or the name of an attribute');
}

function translateName(tokens: TemplateTokens): string {
  const name = tokens.take();
  const { kind, expression } = attributeOf(name);
  if (kind !== 'number') throw new TemplateFault(`${name.text} is no number to rank by`, name.offset);
  return expression;
}
