import { foldCase } from '../ascii-case.ts';
import type { Ad, BinaryOperator, Node, Value } from '../ast.ts';
import { type BinaryNode, leftChain } from '../left-chain.ts';
import { BoundedText } from './bounded-text.ts';
import { exponentialText, nonFiniteName, zeroText } from './real-text.ts';
import { escapeString } from './string-text.ts';
import { absoluteTimeText, relativeTimeText } from './time-text.ts';

const reservedNames = new Set(['error', 'false', 'is', 'isnt', 'parent', 'true', 'undefined']);

/** Returns an attribute name as source text: in single quotes unless it is an identifier and no reserved word. */
export function nameText(name: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !reservedNames.has(foldCase(name));
  return plain ? name : `'${escapeString(name, "'")}'`;
}

export function quotedText(value: string): string {
  return `"${escapeString(value, '"')}"`;
}

function realText(value: number): string {
  const name = nonFiniteName(value);
  if (name !== undefined) {
    return `real("${name}")`;
  }
  return value === 0 ? zeroText(value) : exponentialText(value);
}

function operatorText(operator: BinaryOperator): string {
  if (operator === '=?=') {
    return 'is';
  }
  return operator === '=!=' ? 'isnt' : operator;
}

/** Writes items separated by commas. */
function writeItems<T>(
  text: BoundedText,
  items: readonly T[],
  write: (text: BoundedText, item: T) => BoundedText,
): BoundedText {
  for (const [index, item] of items.entries()) {
    write(text.add(index === 0 ? '' : ','), item);
  }
  return text;
}

function writeAd(text: BoundedText, ad: Ad): BoundedText {
  text.add('[ ');
  let separator = '';
  for (const [name, expression] of ad.entries()) {
    writeNode(text.add(`${separator}${nameText(name)} = `), expression.node);
    separator = '; ';
  }
  return text.add(' ]');
}

function writeReference(text: BoundedText, node: Node & { kind: 'reference' }): BoundedText {
  if (node.of !== undefined) {
    // `5.a` would be read as a malformed number.
    writeNode(text, node.of).add(node.of.kind === 'literal' ? ' .' : '.');
  } else if (node.absolute) {
    text.add('.');
  }
  return text.add(nameText(node.name));
}

function writeConditional(text: BoundedText, node: Node & { kind: 'conditional' }): BoundedText {
  writeNode(text, node.test).add(' ? ');
  writeNode(text, node.yes).add(' : ');
  return writeNode(text, node.no);
}

function writeBinary(text: BoundedText, node: BinaryNode): BoundedText {
  const { first, operations } = leftChain(node);
  return operations.reduce(
    (written, { operator, right }) => writeNode(written.add(` ${operatorText(operator)} `), right),
    writeNode(text, first),
  );
}

function writeNode(text: BoundedText, node: Node): BoundedText {
  return text.inside(() => writeNodeParts(text, node));
}

function writeNodeParts(text: BoundedText, node: Node): BoundedText {
  switch (node.kind) {
    case 'literal':
      return writeValue(text, node.value);
    case 'reference':
      return writeReference(text, node);
    case 'group':
      return writeNode(text.add('('), node.inner).add(')');
    case 'unary':
      return writeNode(text.add(` ${node.operator}`), node.operand);
    case 'binary':
      return writeBinary(text, node);
    case 'conditional':
      return writeConditional(text, node);
    case 'subscript':
      return writeNode(writeNode(text, node.of).add('['), node.index).add(']');
    case 'call':
      return writeItems(text.add(`${nameText(node.name)}(`), node.args, writeNode).add(')');
    case 'list':
      return writeItems(text.add('{ '), node.items, writeNode).add(' }');
    case 'ad':
      return writeAd(text, node.ad);
  }
}

function writeValue(text: BoundedText, value: Value): BoundedText {
  switch (value.kind) {
    case 'undefined':
    case 'error':
      return text.add(value.kind);
    case 'boolean':
    case 'integer':
      return text.add(String(value.value));
    case 'real':
      return text.add(realText(value.value));
    case 'string':
      return text.add(quotedText(value.value));
    case 'absoluteTime':
      return text.add(`absTime("${absoluteTimeText(value)}")`);
    case 'relativeTime':
      return text.add(`relTime("${relativeTimeText(value)}")`);
    case 'list':
      return writeItems(text.add('{ '), value.items, writeValue).add(' }');
    case 'classad':
      return writeAd(text, value.ad);
  }
}

export function unparseNode(node: Node, limit?: number): string {
  return writeNode(new BoundedText(limit), node).toString();
}

/** Returns source text that evaluates to the value. The attributes of an ad are written as their expressions. */
export function unparseValue(value: Value, limit?: number): string {
  return writeValue(new BoundedText(limit), value).toString();
}
