import type { LiteralValue, Node } from '../ast.ts';
import { ClassAd } from '../class-ad.ts';
import { Expression } from '../expression.ts';
import { maxSyntaxDepth } from '../limits.ts';
import { parseExpression } from '../text/parser.ts';
import { leadingNumber } from '../text/real-text.ts';
import { unescapeString } from '../text/string-text.ts';
import { ClassAdSyntaxError } from '../text/syntax-error.ts';
import { parseAbsoluteTime, parseRelativeTime } from '../text/time-text.ts';
import { booleanValue, integerValue, realValue, stringValue, undefinedValue } from '../value.ts';
import { readXml, type XmlElement } from './xml-element.ts';

/** Reads one ad from HTCondor's XML: a `<c>`, alone or as the only child of `<classads>`. Throws ClassAdSyntaxError. */
export function fromXml(text: string): ClassAd {
  const [ad, another] = fromXmlDocument(text);
  if (ad === undefined || another !== undefined) {
    throw new ClassAdSyntaxError('expected exactly one ad', text, 0);
  }
  return ad;
}

/** Reads every ad of a document: the children of `<classads>`, or a bare `<c>`. Throws ClassAdSyntaxError. */
export function fromXmlDocument(text: string): ClassAd[] {
  // An ad inside an ad takes two nested elements.
  const root = readXml(text, 2 * maxSyntaxDepth);
  const reader = new XmlAdReader(text);
  return root.name === 'classads' ? reader.elements(root).map((child) => reader.ad(child)) : [reader.ad(root)];
}

class XmlAdReader {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  #fail(problem: string, element: XmlElement): never {
    throw new ClassAdSyntaxError(problem, this.#text, element.at);
  }

  /** Returns the child elements of one that may contain only elements and blanks. */
  elements(element: XmlElement): readonly XmlElement[] {
    if (element.text.trim() !== '') {
      this.#fail(`text in <${element.name}>`, element);
    }
    return element.children;
  }

  ad(element: XmlElement): ClassAd {
    if (element.name !== 'c') {
      this.#fail(`expected <c>, got <${element.name}>`, element);
    }
    return ClassAd.fromEntries(this.elements(element).map((child) => this.#attribute(child)));
  }

  #attribute(element: XmlElement): [string, Expression] {
    const [value, another] = this.elements(element);
    if (element.name !== 'a' || value === undefined || another !== undefined) {
      return this.#fail('expected <a n="name"> with one value', element);
    }
    const name = this.#withoutNul(unescapeString(this.#onlyAttribute(element, 'n')), element);
    return [name, new Expression(this.#node(value))];
  }

  #onlyAttribute(element: XmlElement, name: string): string {
    const value = element.attributes.get(name);
    return value === undefined ? this.#fail(`<${element.name}> lacks ${name}`, element) : value;
  }

  #withoutNul(text: string, element: XmlElement): string {
    return text.includes('\0') ? this.#fail('text holds U+0000', element) : text;
  }

  #node(element: XmlElement): Node {
    switch (element.name) {
      case 'c':
        return { kind: 'ad', ad: this.ad(element) };
      case 'l':
        return { kind: 'list', items: this.elements(element).map((child) => this.#node(child)) };
      case 'e':
        return this.#expression(element);
      default:
        return { kind: 'literal', value: this.#literal(element) };
    }
  }

  #expression(element: XmlElement): Node {
    try {
      return parseExpression(this.#textOf(element)).node;
    } catch (cause) {
      const reason = cause instanceof ClassAdSyntaxError ? cause.message : String(cause);
      return this.#fail(`malformed expression: ${reason}`, element);
    }
  }

  #textOf(element: XmlElement): string {
    return element.children.length > 0 ? this.#fail(`element in <${element.name}>`, element) : element.text;
  }

  #literal(element: XmlElement): LiteralValue {
    const text = this.#textOf(element);
    const value = this.#empty(element, text) ?? scalar(element.name, text.trim());
    if (element.name === 's') {
      return stringValue(this.#withoutNul(unescapeString(text), element));
    }
    return value ?? this.#fail(`malformed <${element.name}>`, element);
  }

  /** Reads an element that says everything with its name and attribute. */
  #empty(element: XmlElement, text: string): LiteralValue | undefined {
    if (text.trim() !== '') {
      return undefined;
    }
    switch (element.name) {
      case 'un':
        return undefinedValue;
      case 'er':
        return { kind: 'error' };
      case 'b': {
        const truth = this.#onlyAttribute(element, 'v').toLowerCase();
        return truth === 't' || truth === 'f' ? booleanValue(truth === 't') : undefined;
      }
      default:
        return undefined;
    }
  }
}

function scalar(name: string, text: string): LiteralValue | undefined {
  switch (name) {
    case 'i': {
      const integer = /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
      return integer !== undefined && BigInt.asIntN(64, integer) === integer ? integerValue(integer) : undefined;
    }
    case 'r': {
      const shape = /^[+-]?(?:inf|nan|\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)$/i;
      const number = shape.test(text) ? leadingNumber(text) : undefined;
      return number === undefined ? undefined : realValue(number);
    }
    case 'at':
      return parseAbsoluteTime(text);
    case 'rt':
      return parseRelativeTime(text);
    default:
      return undefined;
  }
}
