/** The functions of @unraid/libvirt that the line calls. */
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

const BUILD_IT = '`npm start` builds it where libvirt-dev, g++, make and python3 are, and says why if it cannot';

/**
 * Connects through the native binding. It is an optional package, which is built only where libvirt's headers are
 * installed.
 * @throws GridError LINE_UNAVAILABLE when it is not there
 */
export const openNative: OpenNative = async (uri) => {
  const connection = await load(uri).catch((cause: Error) => {
    const [reason] = cause.message.split('\n');
    const message = `the binding for libvirt (@unraid/libvirt) cannot be loaded: ${reason}. ${BUILD_IT}`;
    throw new GridError('LINE_UNAVAILABLE', message, { package: '@unraid/libvirt' }, { cause });
  });
  await connection.connectOpen();
  return connection;
};

/** Its native code is loaded when the first object is made. */
async function load(uri: string): Promise<NativeConnection> {
  const { Hypervisor } = await import('@unraid/libvirt');
  return new Hypervisor({ uri });
}
