import { ClassAdSyntaxError } from '../text/syntax-error.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text directly inside, entities resolved. */
  readonly text: string;
  /** Offset at which its start tag begins. */
  readonly at: number;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads the small part of XML that ads are written in: elements, attributes, text, comments, an XML declaration, and a
 * DOCTYPE that names a DTD, which is not read. It refuses a DOCTYPE with own declarations, processing instructions,
 * CDATA, and entities other than the five predefined and the numeric ones; so no document can be larger than it looks.
 * Throws ClassAdSyntaxError.
 */
export function readXml(text: string, maxDepth: number): XmlElement {
  return new XmlReader(text, maxDepth).document();
}

const entities: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
const startTag =
  /<([A-Za-z_][\w.-]*)((?:[ \t\r\n]+[A-Za-z_][\w.-]*[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|'[^'<]*'))*)[ \t\r\n]*(\/?)>/y;
const doctype = /<!DOCTYPE[ \t\r\n]+\w[\w.-]*(?:[ \t\r\n]+(?:SYSTEM|PUBLIC|"[^"<]*"|'[^'<]*')){0,3}[ \t\r\n]*>/y;
const endTag = /<\/([A-Za-z_][\w.-]*)[ \t\r\n]*>/y;
const attribute = /([A-Za-z_][\w.-]*)[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')/g;

class XmlReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): XmlElement {
    this.#match(/\uFEFF?(?:<\?xml[ \t\r\n][^?]*\?>)?/y);
    this.#skipMisc();
    if (this.#match(doctype) !== undefined) {
      this.#skipMisc();
    }
    const root = this.#element();
    this.#skipMisc();
    if (this.#at < this.#text.length) {
      this.#fail('text after the document');
    }
    return root;
  }

  #fail(problem: string, at = this.#at): never {
    throw new ClassAdSyntaxError(problem, this.#text, at);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) {
      this.#at = pattern.lastIndex;
    }
    return found;
  }

  #skipMisc(): void {
    while (this.#match(/[ \t\r\n]+/y) !== undefined || this.#comment()) {
      // both always move forward
    }
  }

  #comment(): boolean {
    if (!this.#text.startsWith('<!--', this.#at)) {
      return false;
    }
    const end = this.#text.indexOf('-->', this.#at + 4);
    if (end < 0) {
      this.#fail('comment without end');
    }
    this.#at = end + 3;
    return true;
  }

  /** The open elements are on an own stack, not on the call stack, so the depth is a number that can be checked. */
  #element(): XmlElement {
    const open: OpenElement[] = [];
    for (;;) {
      const inner = open.at(-1);
      const closed = this.#endTag(inner) ? open.pop() : this.#startTag(open);
      if (closed !== undefined) {
        const outer = open.at(-1);
        if (outer === undefined) {
          return closed;
        }
        outer.children.push(closed);
      }
      this.#content(open.at(-1));
    }
  }

  #endTag(open: OpenElement | undefined): boolean {
    const at = this.#at;
    const name = this.#match(endTag)?.[1];
    if (name !== undefined && name !== open?.name) {
      this.#fail(`</${name}> closes nothing`, at);
    }
    return name !== undefined;
  }

  /** Opens an element, or returns it when it closes itself. */
  #startTag(open: OpenElement[]): XmlElement | undefined {
    const at = this.#at;
    const found = this.#match(startTag);
    if (found === undefined) {
      return this.#fail('expected an element');
    }
    const [, name = '', attributes = '', slash] = found;
    const element = { name, attributes: this.#attributes(attributes, at), children: [], text: '', at };
    if (slash === '/') {
      return element;
    }
    if (open.length >= this.#maxDepth) {
      this.#fail(`elements nested more than ${this.#maxDepth} deep`, at);
    }
    open.push(element);
    return undefined;
  }

  #attributes(source: string, at: number): Map<string, string> {
    const attributes = new Map<string, string>();
    for (const [, name = '', double, single] of source.matchAll(attribute)) {
      if (attributes.has(name)) {
        this.#fail(`attribute ${name} twice`, at);
      }
      attributes.set(name, this.#resolved(double ?? single ?? '', at));
    }
    return attributes;
  }

  #content(element: OpenElement | undefined): void {
    do {
      const at = this.#at;
      const text = this.#match(/[^<]+/y)?.[0];
      if (text !== undefined && element !== undefined) {
        element.text += this.#resolved(text, at);
      }
    } while (this.#comment());
  }

  #resolved(text: string, at: number): string {
    return text.replace(/&([^;&]{0,12});|&/g, (whole, name?: string) => {
      const resolved = name === undefined ? undefined : (entities.get(name) ?? numericCharacter(name));
      return resolved ?? this.#fail(`unknown entity ${whole}`, at);
    });
  }
}

function numericCharacter(name: string): string | undefined {
  const found = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
  if (found === null) {
    return undefined;
  }
  const code = found[1] === undefined ? Number(found[2]) : Number.parseInt(found[1], 16);
  const allowed = code >= 0x20 || code === 9 || code === 10 || code === 13;
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return allowed && !surrogate && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
