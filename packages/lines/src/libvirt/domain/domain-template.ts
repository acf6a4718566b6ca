/** Makes domain XML from a template, which operators may replace. Pure. */
import { GridError } from '@vmgrid/protocol';

/** The values that a template may name. Lines that name a value which the machine does not have are left out. */
export interface DomainValues {
  readonly name: string;
  readonly uuid: string;
  /** libvirt's name for the way guests run, such as `kvm` or `qemu` (emulated). */
  readonly domainType: string;
  readonly machineType: string;
  readonly cpuModel: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Left out for images that boot through their own boot loader. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly commandLine?: string;
  readonly disk: string;
  /** The disc that is in the drive when the machine boots; left out, the drive is empty. */
  readonly disc?: string;
  readonly consoleSocket: string;
  readonly reportSocket: string;
  readonly macAddress: string;
  /** Whether the guest's network is isolated. */
  readonly restrict: 'on' | 'off';
  /** `+UID:+GID` of the hypervisor's process; left out when the plant is not root. */
  readonly owner?: string;
}

type Name = keyof DomainValues;

/**
 * Every name; true when a template must have it, because without it the plant could not tell its machines apart, set
 * their size or talk to them.
 */
const NAMES: Readonly<Record<Name, boolean>> = {
  name: true,
  uuid: true,
  domainType: false,
  machineType: false,
  cpuModel: false,
  memoryMiB: true,
  cpus: true,
  kernel: false,
  initrd: false,
  commandLine: false,
  disk: true,
  disc: false,
  consoleSocket: false,
  reportSocket: true,
  macAddress: false,
  restrict: false,
  owner: false,
};

const PLACEHOLDER = /\{\{(.*?)\}\}/g;
/** Characters that XML 1.0 cannot contain, even escaped (2.2, Char). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const isName = (text: string): text is Name => Object.hasOwn(NAMES, text);

export class DomainTemplate {
  readonly #lines: readonly string[];

  /** @throws GridError CONFIG_INVALID when the text names an unknown value, or lacks one that every machine needs */
  constructor(text: string, source: string) {
    const named = new Set([...text.matchAll(PLACEHOLDER)].map(([, name]) => name!));
    const unknown = [...named].filter((name) => !isName(name));
    const missing = Object.keys(NAMES).filter((name) => NAMES[name as Name] && !named.has(name));
    if (unknown.length > 0) throw invalid(source, `has no values for ${unknown.join(', ')}`, Object.keys(NAMES));
    if (missing.length > 0) throw invalid(source, `does not name ${missing.join(', ')}`, missing);
    this.#lines = text.split('\n');
  }

  /** Whether machines of this template have what the name stands for. */
  names(name: Name): boolean {
    return this.#lines.some((line) => line.includes(`{{${name}}}`));
  }

  /** Returns the XML of one machine. */
  render(values: DomainValues): string {
    const lines = this.#lines.flatMap((line) => {
      const names = [...line.matchAll(PLACEHOLDER)].map(([, name]) => name as Name);
      if (names.some((name) => values[name] === undefined)) return [];
      return [line.replaceAll(PLACEHOLDER, (_, name: Name) => escapeXml(String(values[name])))];
    });
    return lines.join('\n');
  }
}

const invalid = (source: string, fault: string, names: readonly string[]): GridError =>
  new GridError('CONFIG_INVALID', `libvirt.domainTemplate: ${source} ${fault}; names are written {{name}}`, { names });

/** Escapes text for an element or an attribute with any quotes. @throws Error for characters that XML cannot carry */
export function escapeXml(text: string): string {
  if (NO_CHARACTER.test(text)) throw new Error('a value has characters that XML cannot hold');
  return text.replaceAll(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character]!);
}
