/** The part of @unraid/libvirt that the line calls. */
import { GridError } from '@vmgrid/protocol';

export interface NativeDomain {
  create(): Promise<void>;
  resume(): Promise<void>;
  destroy(): Promise<void>;
  getInfo(): Promise<{ readonly state: number }>;
}

export interface NativeConnection {
  connectOpen(): Promise<void>;
  connectClose(): Promise<void>;
  domainDefineXML(xml: string): Promise<NativeDomain>;
  domainLookupByUUIDString(uuid: string): Promise<NativeDomain>;
}

export type OpenNative = (uri: string) => Promise<NativeConnection>;

/**
 * Connects through the native binding, which is an optional package: it is built where libvirt's headers are.
 * @throws GridError LINE_UNAVAILABLE when it is not there
 */
export const openNative: OpenNative = async (uri) => {
  const { Hypervisor } = await import('@unraid/libvirt').catch((cause: unknown) => {
    const message =
      'the package @unraid/libvirt was not built here: install libvirt-dev and a C++ compiler, then npm ci';
    throw new GridError('LINE_UNAVAILABLE', message, { package: '@unraid/libvirt' }, { cause });
  });
  const connection = new Hypervisor({ uri });
  await connection.connectOpen();
  return connection;
};
