import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GridError } from '@vmgrid/protocol';
import { type FindImages, NO_IMAGES } from '../trial-kernel.ts';
import { DomainTemplate } from './domain/domain-template.ts';
import type { LibvirtConfig } from './libvirt-config.ts';
import { LibvirtLine, type LibvirtLineDeps } from './libvirt-line.ts';

export interface MakeLibvirtLineOptions {
  readonly stateDirectory: string;
  readonly libvirt?: LibvirtConfig;
  readonly images?: FindImages;
}

/** @throws GridError CONFIG_INVALID when the template does not exist or is wrong */
export function makeLibvirtLine(
  deps: LibvirtLineDeps,
  { stateDirectory, libvirt = {}, images = NO_IMAGES }: MakeLibvirtLineOptions,
): LibvirtLine {
  const uri = libvirt.uri ?? (process.getuid?.() === 0 ? 'qemu:///system' : 'qemu:///session');
  const source = libvirt.domainTemplate ?? join(import.meta.dirname, 'domain/domain.xml');
  return new LibvirtLine(deps, {
    stateDirectory,
    images,
    uri,
    template: new DomainTemplate(readTemplate(source), source),
  });
}

function readTemplate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { message } = cause as Error;
    throw new GridError('CONFIG_INVALID', `libvirt.domainTemplate: ${message}`, { path }, { cause });
  }
}
