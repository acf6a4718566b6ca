import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { XmlDocument } from 'libxml2-wasm';
import { domainIdOf } from '../../src/libvirt/domain/domain-id.ts';
import { DomainTemplate, type DomainValues, escapeXml } from '../../src/libvirt/domain/domain-template.ts';

const shipped = readFileSync(join(import.meta.dirname, '../../src/libvirt/domain/domain.xml'), 'utf8');
/** The least that a template may be. */
const LEAST = '{{name}} {{uuid}} {{memoryMiB}} {{cpus}} {{disk}} {{reportSocket}}';

const VALUES: DomainValues = {
  ...domainIdOf('vm-1'),
  ...{ domainType: 'qemu', machineType: 'pc', cpuModel: 'Nehalem', memoryMiB: 256, cpus: 2 },
  ...{ disk: '/a b/disk', consoleSocket: '/c', reportSocket: '/r', macAddress: '02:00:00:00:00:01', restrict: 'on' },
};
const BOOT = { kernel: '/k', initrd: '/i', commandLine: 'quiet root=/dev/vda', owner: '+1:+2' };

test('every name of the template is replaced, and the lines of values that there are not are left out', () => {
  const template = new DomainTemplate(shipped, 'domain.xml');
  const [with_, without] = [template.render({ ...VALUES, ...BOOT }), template.render(VALUES)];
  expect(with_.match(/\{\{.*/)).toBeNull();
  expect(new DomainTemplate(LEAST, '').render({ ...VALUES, name: '{{uuid}}' })).toContain('{{uuid}} ');
  expect(with_).toContain('<kernel>/k</kernel>');
  expect(with_).toContain('<label>+1:+2</label>');
  expect(without.match(/<kernel>|<initrd>|<cmdline>|<seclabel/)).toBeNull();
  expect(without).toContain("<source file='/a b/disk'/>");
});

test('a domain of ours has no balloon, which libvirt adds where nothing is said of it', () => {
  const rendered = new DomainTemplate(shipped, 'domain.xml').render({ ...VALUES, ...BOOT });
  expect(rendered.match(/<memballoon.*/g)).toEqual(["<memballoon model='none'/>"]);
});

test('a template with a name that means nothing, or without one that every machine needs, is refused', () => {
  const make = (text: string) => () => new DomainTemplate(text, 'mine.xml');
  expect(make(LEAST)).not.toThrow();
  expect(make(`${LEAST} {{hostname}}`)).toThrow('mine.xml has no values for hostname');
  expect(make(LEAST.replace('{{disk}}', ''))).toThrow('mine.xml does not name disk');
  expect(make(`${LEAST} {{constructor}}`)).toThrow('constructor');
});

test('whatever a value is, it comes out of the XML as it went in', () => {
  const text = fc.string({ unit: fc.constantFrom(...'<>&"\'\t\r\n ]x{}é𝄞%;') }).filter((value) => value !== '');
  fc.assert(
    fc.property(text, text, (attribute, element) => {
      const xml = `<a b='${escapeXml(attribute)}'>${escapeXml(element)}</a>`;
      expect(readBack(xml)).toEqual([attribute, element]);
    }),
  );
});

test('what XML cannot hold is refused', () => {
  for (const character of ['\0', '\u001b', '\ufffe']) expect(() => escapeXml(`a${character}`)).toThrow('XML');
});

test('a VM always has the same UUID, and another one another', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const { uuid } = domainIdOf(one);
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(domainIdOf(one)).toEqual({ name: `vmgrid-${one}`, uuid });
      expect(domainIdOf(other).uuid === uuid).toBe(one === other);
    }),
  );
});

function readBack(xml: string): [string | undefined, string] {
  const document = XmlDocument.fromString(xml);
  try {
    return [document.root.attr('b')?.value, document.root.content];
  } finally {
    document.dispose();
  }
}
