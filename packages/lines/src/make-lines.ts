/** Makes the production lines of this plant, by name. */

import type { MachineGroups } from '@vmgrid/host';
import { GridError, type LineName } from '@vmgrid/protocol';
import type { LibvirtConfig } from './libvirt/libvirt-config.ts';
import { makeLibvirtLine } from './libvirt/make-libvirt-line.ts';
import type { ProductionLine } from './production-line.ts';
import { QemuLine } from './qemu/qemu-line.ts';
import { type SimulatedConfig, UNTROUBLED } from './simulated/simulated-config.ts';
import { SimulatedLine } from './simulated/simulated-line.ts';
import type { FindImages } from './trial-kernel.ts';
import { UmlLine } from './uml/uml-line.ts';

export interface LineOptions {
  readonly stateDirectory: string;
  /** Faults and delays of simulated machines; left out, there are none. */
  readonly simulated?: SimulatedConfig;
  readonly libvirt?: LibvirtConfig;
  /** Groups for machines that are processes of the plant. */
  readonly groups?: MachineGroups;
  /** Images with a kernel to try KVM with; left out, KVM is not tried. */
  readonly images?: FindImages;
}

const depsOf = ({ groups }: LineOptions) => (groups === undefined ? {} : { groups });

/** The maker of each line. A fourth line is one more entry. */
const MAKERS: { readonly [L in LineName]?: (options: LineOptions) => ProductionLine } = {
  qemu: (options) => new QemuLine(depsOf(options), options),
  simulated: ({ simulated }) => new SimulatedLine({}, simulated ?? UNTROUBLED),
  libvirt: (options) => makeLibvirtLine({}, options),
  uml: (options) => new UmlLine(depsOf(options), options),
};

/** Lines that need resources of the host, in the order in which they are tried. */
export const HOST_LINES: readonly LineName[] = ['qemu', 'uml', 'libvirt'];

/** @throws GridError CONFIG_INVALID for a line that this version does not have */
export function makeLines(names: readonly LineName[], options: LineOptions): ReadonlyMap<LineName, ProductionLine> {
  return new Map(
    names.map((name) => {
      const make = MAKERS[name];
      if (make) return [name, make(options)];
      const known = Object.keys(MAKERS).join(', ');
      throw new GridError('CONFIG_INVALID', `lines: there is no line ${name}; there are: ${known}`, { line: name });
    }),
  );
}

/** Ends any machine that runs in a folder when its line is not known. @throws GridError VMM_FAILED */
export async function endOnAnyLine(lines: ReadonlyMap<LineName, ProductionLine>, directory: string): Promise<void> {
  for (const line of lines.values()) await line.kill(directory);
}
