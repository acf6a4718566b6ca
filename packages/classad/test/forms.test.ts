import { describe, expect, test } from '@jest/globals';
import {
  ClassAd,
  ClassAdSyntaxError,
  fromJson,
  fromJsonDocument,
  fromXml,
  fromXmlDocument,
  parseClassAd,
  parseClassAds,
  toJson,
  toJsonDocument,
  toXml,
  toXmlDocument,
} from '../src/index.ts';

const ad =
  parseClassAd(`[ i = 1; r = 0.1; z = 0.0; inf = real("-INF"); s = "a\\"<&\\n/é"; b = true; un = undefined; er = error;
  at = absTime("2004-01-01T00:00:00+01:00"); rt = relTime("1:00"); l = {1,{}}; c = [x = 1]; e = a < "b" ]`);

describe('the long form', () => {
  const text = '\n# two ads\nName = "a"\n# still the first\nCpus = 1\n \t\r\n\nName = "b"\n\n';

  test('ends an ad at a blank line', () => {
    expect(parseClassAds(text)).toEqual([ClassAd.of({ Name: 'a', Cpus: 1 }), ClassAd.of({ Name: 'b' })]);
    expect(parseClassAds('\n# nothing\n')).toEqual([]);
  });

  test('holds one ad where one is wanted', () => {
    expect(() => parseClassAd(text)).toThrow('expected one ad, got another after a blank line (line 8, column 1)');
    expect(parseClassAd('\nName = "b"\n\n')).toEqual(ClassAd.of({ Name: 'b' }));
    expect(parseClassAd('')).toEqual(ClassAd.empty);
  });
});

describe('the new form', () => {
  test('may hold several ads, also as the list that condor_status prints', () => {
    const ads = [ClassAd.of({ a: 1 }), ClassAd.of({ b: [] })];
    expect(parseClassAds('{\n[ a = 1 ]\n,\n[ b = {} ]\n}\n')).toEqual(ads);
    expect(parseClassAds('// two\n[ a = 1 ]\n[ b = {} ]')).toEqual(ads);
    expect(parseClassAds('{}')).toEqual([]);
    expect(() => parseClassAd('[ a = 1 ] [ b = {} ]')).toThrow(ClassAdSyntaxError);
    expect(() => parseClassAds('{ [ a = 1 ]')).toThrow(ClassAdSyntaxError);
    expect(() => parseClassAds('[ a = 1 ] }')).toThrow(ClassAdSyntaxError);
  });
});

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

  test('is an array where condor_status prints several ads, and lines where -jsonl does', () => {
    const ads = [ClassAd.of({ a: 1, b: ['x'] }), ClassAd.of({ a: 2 })];
    const text = '[\n{\n  "a": 1,\n  "b": [\n    "x"\n  ]\n}\n,\n{\n  "a": 2\n}\n]\n';
    expect(toJsonDocument(ads)).toBe(text);
    expect(fromJsonDocument(text)).toEqual(ads);
    expect(fromJsonDocument(ads.map((one) => toJson(one, { oneLine: true })).join('\n'))).toEqual(ads);
    expect(fromJsonDocument(toJsonDocument([]))).toEqual([]);
    expect(fromJson('[{"a": 2}]')).toEqual(ads[1]);
    expect(() => fromJson(text)).toThrow('expected exactly one ad');
  });

  test.each([
    '[]',
    '[1]',
    '[{"a": 1}',
    '[{"a": 1}] {}',
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
      '<c><a n="i"><i>1</i></a><a n="r"><r>1.000000000000000E-01</r></a><a n="z"><r>0.0</r></a>' +
        '<a n="inf"><r>-INF</r></a>' +
        '<a n="s"><s>a"&lt;&amp;\\n/\\303\\251</s></a><a n="b"><b v="t"/></a><a n="un"><un/></a><a n="er"><er/></a>' +
        '<a n="at"><at>2004-01-01T00:00:00+01:00</at></a><a n="rt"><rt>01:00</rt></a>' +
        '<a n="l"><l><i>1</i><l></l></l></a>' +
        '<a n="c"><c><a n="x"><i>1</i></a></c></a><a n="e"><e>a &lt; "b"</e></a></c>',
    );
  });

  test('is read back, alone and as a document of several ads', () => {
    expect(fromXml(toXml(ad))).toEqual(ad);
    const other = ClassAd.of({ x: 1 });
    expect(fromXmlDocument(toXmlDocument([ad, other]))).toEqual([ad, other]);
  });

  test('is a document with a DOCTYPE where condor_status prints it', () => {
    const nested = ClassAd.of({ Name: 'slot1', Gpu: { Cap: 8.5 }, Sizes: [1, 2] });
    const text = `<?xml version="1.0"?>
<!DOCTYPE classads SYSTEM "classads.dtd">
<classads>
<c>
    <a n="Name"><s>slot1</s></a>
    <a n="Gpu"><c>
        <a n="Cap"><r>8.500000000000000E+00</r></a>
    </c></a>
    <a n="Sizes"><l><i>1</i><i>2</i></l></a>
</c>
<c>
</c>
</classads>
`;
    expect(toXmlDocument([nested, ClassAd.empty])).toBe(text);
    expect(fromXmlDocument(text)).toEqual([nested, ClassAd.empty]);
    expect(fromXmlDocument(text.replace('SYSTEM "classads.dtd"', "PUBLIC '-//x' 'y'"))).toEqual([
      nested,
      ClassAd.empty,
    ]);
  });

  test('may be laid out with blanks, comments, single quotes and numeric entities', () => {
    const text = `<?xml version="1.0"?>\n<!-- one -->\n<c >\n  <a n='X'> <s> &#65;&#x42; </s>\n</a> <!-- two -->
      <a n="Y"><b v='F'></b></a></c>\n`;
    expect(fromXml(text)).toEqual(ClassAd.of({ X: ' AB ', Y: false }));
  });

  test.each([
    '<!DOCTYPE c SYSTEM "x" [<!ELEMENT c ANY>]><c></c>',
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
