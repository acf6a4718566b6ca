import type { Ad, Node, Value } from '../ast.ts';
import { ClassAd } from '../class-ad.ts';
import { Expression } from '../expression.ts';
import { generalText, nonFiniteName, zeroText } from '../text/real-text.ts';
import { unparseNode, unparseValue } from '../text/unparse.ts';

export interface JsonOptions {
  /** Writes on one line, as HTCondor's `oneline` does; otherwise with an indent of two. */
  readonly oneLine?: boolean;
}

const escapeOf: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON must escape
  return text.replace(/["\\\u0000-\u001f]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
    return escapeOf[character] ?? `\\u00${code}`;
  });
}

/** Values that JSON cannot express are strings in a form that no other string has: `"\/Expr(…)\/"`. */
function quotedExpression(text: string): string {
  return `"\\/Expr(${escaped(text)})\\/"`;
}

function realText(value: number): string {
  if (nonFiniteName(value) !== undefined) {
    return quotedExpression(unparseValue({ kind: 'real', value }));
  }
  return value === 0 ? zeroText(value) : generalText(value);
}

/**
 * Writes HTCondor's JSON: an ad becomes an object that keeps its expressions, a list an array, undefined null. Errors,
 * times and every expression that is no literal become strings `"\/Expr(…)\/"`.
 */
export function toJson(subject: ClassAd | Expression | Value, options: JsonOptions = {}): string {
  const writer = new JsonWriter(options.oneLine ?? false);
  if (subject instanceof ClassAd) {
    return writer.ad(subject, 0);
  }
  return subject instanceof Expression ? writer.node(subject.node, 0) : writer.value(subject, 0);
}

/**
 * Writes several ads as `condor_status -json` prints them: an array whose brackets and commas stand on their own lines.
 */
export function toJsonDocument(ads: readonly ClassAd[]): string {
  return `[\n${ads.map((ad) => `${toJson(ad)}\n`).join(',\n')}]\n`;
}

class JsonWriter {
  readonly #oneLine: boolean;

  constructor(oneLine: boolean) {
    this.#oneLine = oneLine;
  }

  #wrapped([open, close]: readonly [string, string], items: readonly string[], depth: number): string {
    if (this.#oneLine) {
      return `${open}${items.join(',')}${close}`;
    }
    const outer = `\n${'  '.repeat(depth)}`;
    return `${open}${items.map((item) => `${outer}  ${item}`).join(',')}${outer}${close}`;
  }

  ad(ad: Ad, depth: number): string {
    const items = ad.entries().map(([name, { node }]) => `"${escaped(name)}": ${this.node(node, depth + 1)}`);
    return this.#wrapped(['{', '}'], items, depth);
  }

  node(node: Node, depth: number): string {
    switch (node.kind) {
      case 'literal':
        return this.value(node.value, depth);
      case 'list':
        return this.#wrapped(
          ['[', ']'],
          node.items.map((item) => this.node(item, depth + 1)),
          depth,
        );
      case 'ad':
        return this.ad(node.ad, depth);
      default:
        return quotedExpression(unparseNode(node));
    }
  }

  value(value: Value, depth: number): string {
    switch (value.kind) {
      case 'undefined':
        return 'null';
      case 'boolean':
      case 'integer':
        return String(value.value);
      case 'real':
        return realText(value.value);
      case 'string':
        return `"${escaped(value.value)}"`;
      case 'list':
        return this.#wrapped(
          ['[', ']'],
          value.items.map((item) => this.value(item, depth + 1)),
          depth,
        );
      case 'classad':
        return this.ad(value.ad, depth);
      default:
        return quotedExpression(unparseValue(value));
    }
  }
}
