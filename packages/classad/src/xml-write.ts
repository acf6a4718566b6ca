import type { Ad, Node, Value } from './ast.ts';
import { ClassAd } from './class-ad.ts';
import { Expression } from './expression.ts';
import { exponentialText, nonFiniteName, zeroText } from './real-text.ts';
import { escapeString } from './string-text.ts';
import { absoluteTimeText, relativeTimeText } from './time-text.ts';
import { unparseNode } from './unparse.ts';

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
 * HTCondor's XML in its compact spacing: `<c><a n="Cpus"><i>4</i></a></c>`. Strings carry ClassAd escapes inside the
 * XML ones, as HTCondor writes them.
 */
export function toXml(subject: ClassAd | Expression | Value): string {
  if (subject instanceof ClassAd) {
    return adXml(subject);
  }
  return subject instanceof Expression ? nodeXml(subject.node) : valueXml(subject);
}

/** A document of several ads: `<classads><c>…</c>…</classads>`, without HTCondor's DOCTYPE. */
export function toXmlDocument(ads: readonly ClassAd[]): string {
  return `<?xml version="1.0"?>\n<classads>\n${ads.map((ad) => `${adXml(ad)}\n`).join('')}</classads>\n`;
}

function adXml(ad: Ad): string {
  const attributes = ad
    .entries()
    .map(([name, { node }]) => `<a n="${xmlAttribute(escapeString(name, ''))}">${nodeXml(node)}</a>`);
  return `<c>${attributes.join('')}</c>`;
}

function nodeXml(node: Node): string {
  switch (node.kind) {
    case 'literal':
      return valueXml(node.value);
    case 'list':
      return `<l>${node.items.map(nodeXml).join('')}</l>`;
    case 'ad':
      return adXml(node.ad);
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
      return `<l>${value.items.map(valueXml).join('')}</l>`;
    case 'classad':
      return adXml(value.ad);
  }
}
