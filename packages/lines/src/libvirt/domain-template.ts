/** Domain XML from a template that operators may replace. Pure. */
import { GridError } from '@vmgrid/protocol';

/** What a template may name. A value that a machine does not have is left out, and with it the lines that name it. */
export interface DomainValues {
  readonly name: string;
  readonly uuid: string;
  /** libvirt's name of the way guests run, such as `kvm` or `qemu` (emulated). */
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
  /** In the drive as the machine boots; left out, the drive is empty. */
  readonly disc?: string;
  readonly consoleSocket: string;
  readonly reportSocket: string;
  readonly macAddress: string;
  /** Whether the guest's network reaches nothing. */
  readonly restrict: 'on' | 'off';
  /** `+UID:+GID` to run the hypervisor's process as; left out when the plant is not root. */
  readonly owner?: string;
}

type Name = keyof DomainValues;

/**
 * Every name; true where a template without it cannot make machines that the plant could tell apart, size or talk to.
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
/** What XML 1.0 cannot hold, escaped or not (2.2, Char). */
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

  /** @throws GridError CONFIG_INVALID when the text names something there is not, or lacks what every machine needs. */
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

  /** The XML of one machine. */
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

/** Text for an element or an attribute, whatever its quotes. @throws Error for characters that XML cannot hold. */
export function escapeXml(text: string): string {
  if (NO_CHARACTER.test(text)) throw new Error('a value has characters that XML cannot hold');
  return text.replaceAll(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character]!);
}
