import { describe, expect, test } from '@jest/globals';
import {
  ClassAd,
  ClassAdSyntaxError,
  fromJson,
  fromXml,
  fromXmlDocument,
  parseClassAd,
  toJson,
  toXml,
  toXmlDocument,
} from '../src/index.ts';

const ad =
  parseClassAd(`[ i = 1; r = 0.1; z = 0.0; inf = real("-INF"); s = "a\\"<&\\n/é"; b = true; un = undefined; er = error;
  at = absTime("2004-01-01T00:00:00+01:00"); rt = relTime("1:00"); l = {1,{}}; c = [x = 1]; e = a < "b" ]`);

describe('JSON', () => {
  test('is as HTCondor writes it', () => {
    expect(toJson(ad, { oneLine: true })).toBe(
      '{"i": 1,"r": 0.1,"z": 0.0,"inf": "\\/Expr(real(\\"-INF\\"))\\/","s": "a\\"<&\\n/é","b": true,"un": null,' +
        '"er": "\\/Expr(error)\\/","at": "\\/Expr(absTime(\\"2004-01-01T00:00:00+01:00\\"))\\/",' +
        '"rt": "\\/Expr(relTime(\\"01:00\\"))\\/","l": [1,[]],"c": {"x": 1},"e": "\\/Expr(a < \\"b\\")\\/"}',
    );
    expect(toJson(ClassAd.of({ a: [1], b: {} }))).toBe('{\n  "a": [\n    1\n  ],\n  "b": {\n  }\n}');
  });

  test('is read back, and tells text from an expression by its escaped slashes', () => {
    expect(fromJson(toJson(ad))).toEqual(ad);
    expect(fromJson('{"text": "/Expr(1 + 1)/", "expression": "\\/Expr(1 + 1)\\/"}').toString()).toBe(
      '[ text = "/Expr(1 + 1)/"; expression = 1 + 1 ]',
    );
  });

  test.each([
    '[]',
    '{"a": }',
    '{"a": 1,}',
    '{"a": 01}',
    '{"a": 9223372036854775808}',
    '{"a": "\\/Expr(1 +)\\/"}',
    '{"a": "\\u0000"}',
    '{"a": "\\q"}',
    '{"a": 1} x',
    `{"a": ${'['.repeat(600)}`,
  ])('%s is refused', (text) => {
    expect(() => fromJson(text)).toThrow(ClassAdSyntaxError);
  });
});

describe('XML', () => {
  test('is as HTCondor writes it', () => {
    expect(toXml(ad)).toBe(
      '<c><a n="i"><i>1</i></a><a n="r"><r>1.000000000000000E-01</r></a><a n="z"><r>0.0</r></a><a n="inf"><r>-INF</r></a>' +
        '<a n="s"><s>a"&lt;&amp;\\n/\\303\\251</s></a><a n="b"><b v="t"/></a><a n="un"><un/></a><a n="er"><er/></a>' +
        '<a n="at"><at>2004-01-01T00:00:00+01:00</at></a><a n="rt"><rt>01:00</rt></a><a n="l"><l><i>1</i><l></l></l></a>' +
        '<a n="c"><c><a n="x"><i>1</i></a></c></a><a n="e"><e>a &lt; "b"</e></a></c>',
    );
  });

  test('is read back, alone and as a document of several ads', () => {
    expect(fromXml(toXml(ad))).toEqual(ad);
    const other = ClassAd.of({ x: 1 });
    expect(fromXmlDocument(toXmlDocument([ad, other]))).toEqual([ad, other]);
  });

  test('may be laid out with blanks, comments, single quotes and numeric entities', () => {
    const text = `<?xml version="1.0"?>\n<!-- one -->\n<c >\n  <a n='X'> <s> &#65;&#x42; </s>\n</a> <!-- two --> <a n="Y"><b v='F'></b></a></c>\n`;
    expect(fromXml(text)).toEqual(ClassAd.of({ X: ' AB ', Y: false }));
  });

  test.each([
    '<!DOCTYPE c SYSTEM "x"><c></c>',
    '<!DOCTYPE c [<!ENTITY a "b">]><c><a n="x"><s>&a;</s></a></c>',
    '<c><a n="x"><s>&a;</s></a></c>',
    '<c><a n="x"><s><![CDATA[y]]></s></a></c>',
    '<c><?pi?></c>',
    '<c>',
    '<c></d>',
    '<c></c><c></c>',
    '<c>text</c>',
    '<c><i>1</i></c>',
    '<c><a><i>1</i></a></c>',
    '<c><a n="x"></a></c>',
    '<c><a n="x"><i>1</i><i>2</i></a></c>',
    '<c><a n="x"><i>one</i></a></c>',
    '<c><a n="x"><i>99999999999999999999</i></a></c>',
    '<c><a n="x"><r>1.2.3</r></a></c>',
    '<c><a n="x"><b v="maybe"/></a></c>',
    '<c><a n="x"><e>1 +</e></a></c>',
    '<c><a n="x"><at>never</at></a></c>',
    '<c><a n="x"><zz/></a></c>',
    '<c><a n="x" n="y"><i>1</i></a></c>',
    '<c><a n="x"><s>&#0;</s></a></c>',
    '<classads></classads>',
    '<l></l>',
    '',
    '<a n="x">'.repeat(600),
  ])('%s is refused', (text) => {
    expect(() => fromXml(text)).toThrow(ClassAdSyntaxError);
  });
});
