import { TemplateFault } from './template-fault.ts';
import type { TemplateToken } from './tokens.ts';

/** The counterpart of a template's name in the plant's ad (`TARGET`). */
export interface TemplateAttribute {
  readonly kind: 'text' | 'number' | 'list';
  /** A ClassAd expression that can be an operand of any operator. */
  readonly expression: string;
}

const text = (expression: string): TemplateAttribute => ({ kind: 'text', expression });
const number = (expression: string): TemplateAttribute => ({ kind: 'number', expression });
const KIB = (attribute: string): TemplateAttribute => number(`(TARGET.${attribute} * 1024)`);

/**
 * GridWay counts in megabytes; OpenNebula counts memory in kilobytes and disks in megabytes. Both use powers of two.
 */
const ATTRIBUTES: ReadonlyMap<string, TemplateAttribute> = new Map([
  ['ARCH', text('TARGET.Arch')],
  ['HOSTNAME', text('TARGET.Name')],
  ['NAME', text('TARGET.Name')],
  ['HYPERVISOR', { kind: 'list', expression: 'TARGET.Accelerators' }],
  ['RUNNING_VMS', number('TARGET.VmCount')],
  ['FREE_MEM_MB', number('TARGET.FreeMemoryMiB')],
  ['SIZE_MEM_MB', number('TARGET.TotalMemoryMiB')],
  ['FREE_DISK_MB', number('TARGET.FreeDiskMiB')],
  ['SIZE_DISK_MB', number('TARGET.TotalDiskMiB')],
  ['FREE_MEMORY', KIB('FreeMemoryMiB')],
  ['FREEMEMORY', KIB('FreeMemoryMiB')],
  ['FREE_MEM', KIB('FreeMemoryMiB')],
  ['USED_MEMORY', KIB('UsedMemoryMiB')],
  ['USEDMEMORY', KIB('UsedMemoryMiB')],
  ['USED_MEM', KIB('UsedMemoryMiB')],
  ['TOTAL_MEM', KIB('TotalMemoryMiB')],
  ['TOTALMEMORY', KIB('TotalMemoryMiB')],
  ['MAX_MEM', KIB('TotalMemoryMiB')],
  ['FREE_DISK', number('TARGET.FreeDiskMiB')],
  ['USED_DISK', number('TARGET.UsedDiskMiB')],
  ['MAX_DISK', number('TARGET.TotalDiskMiB')],
]);

/** The names that templates may use. */
export const TEMPLATE_ATTRIBUTES: readonly string[] = [...ATTRIBUTES.keys()];

/**
 * Returns the attribute that a word names, in any case. Throws TemplateFault when the plant's ad has no counterpart.
 */
export function attributeOf({ text, offset }: TemplateToken): TemplateAttribute {
  const attribute = ATTRIBUTES.get(text.toUpperCase());
  if (attribute !== undefined) return attribute;
  const known = TEMPLATE_ATTRIBUTES.join(', ');
  throw new TemplateFault(`plants tell nothing like ${text.slice(0, 40)}; known are ${known}`, offset);
}
