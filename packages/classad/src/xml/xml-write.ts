import type { Ad, Node, Value } from '../ast.ts';
import { ClassAd } from '../class-ad.ts';
import { Expression } from '../expression.ts';
import { exponentialText, nonFiniteName, zeroText } from '../text/real-text.ts';
import { escapeString } from '../text/string-text.ts';
import { absoluteTimeText, relativeTimeText } from '../text/time-text.ts';
import { unparseNode } from '../text/unparse.ts';

const entityOf: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function xmlText(text: string): string {
  return text.replace(/[&<>]/g, (character) => entityOf[character] ?? character);
}

function xmlAttribute(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entityOf[character] ?? character);
}

function realText(value: number): string {
  return nonFiniteName(value) ?? (value === 0 ? zeroText(value) : exponentialText(value));
}

/**
 * Writes HTCondor's XML in its compact form: `<c><a n="Cpus"><i>4</i></a></c>`. Strings carry ClassAd escapes inside
 * the XML escapes, as in HTCondor.
 */
export function toXml(subject: ClassAd | Expression | Value): string {
  if (subject instanceof ClassAd) {
    return adXml(subject);
  }
  return subject instanceof Expression ? nodeXml(subject.node) : valueXml(subject);
}

/** Writes several ads as `condor_status -xml` prints them: with a DOCTYPE, and each attribute on its own line. */
export function toXmlDocument(ads: readonly ClassAd[]): string {
  const header = '<?xml version="1.0"?>\n<!DOCTYPE classads SYSTEM "classads.dtd">\n<classads>\n';
  return `${header}${ads.map((ad) => `${adXml(ad, 0)}\n`).join('')}</classads>\n`;
}

/** Writes on one line, or with `indent` blanks before the end tag and four more before each attribute. */
function adXml(ad: Ad, indent?: number): string {
  const inner = indent === undefined ? undefined : indent + 4;
  const [before, after] = inner === undefined ? ['', ''] : [' '.repeat(inner), '\n'];
  const attributes = ad.entries().map(([name, { node }]) => {
    const shown = xmlAttribute(escapeString(name, ''));
    return `${before}<a n="${shown}">${nodeXml(node, inner)}</a>${after}`;
  });
  return `<c>${after}${attributes.join('')}${' '.repeat(indent ?? 0)}</c>`;
}

function nodeXml(node: Node, indent?: number): string {
  switch (node.kind) {
    case 'literal':
      return valueXml(node.value);
    case 'list':
      return `<l>${node.items.map((item) => nodeXml(item, indent)).join('')}</l>`;
    case 'ad':
      return adXml(node.ad, indent);
    default:
      return `<e>${xmlText(unparseNode(node))}</e>`;
  }
}

function valueXml(value: Value): string {
  switch (value.kind) {
    case 'undefined':
      return '<un/>';
    case 'error':
      return '<er/>';
    case 'boolean':
      return value.value ? '<b v="t"/>' : '<b v="f"/>';
    case 'integer':
      return `<i>${value.value}</i>`;
    case 'real':
      return `<r>${realText(value.value)}</r>`;
    case 'string':
      return `<s>${xmlText(escapeString(value.value, ''))}</s>`;
    case 'absoluteTime':
      return `<at>${absoluteTimeText(value)}</at>`;
    case 'relativeTime':
      return `<rt>${relativeTimeText(value)}</rt>`;
    case 'list':
      return `<l>${value.items.map((item) => valueXml(item)).join('')}</l>`;
    case 'classad':
      return adXml(value.ad);
  }
}
