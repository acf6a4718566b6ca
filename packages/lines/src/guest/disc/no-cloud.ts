/**
 * Makes the files from which cloud-init's NoCloud source configures a machine, for cloud images: such a guest sets its
 * name and network and starts the agent at its first boot. Pure.
 * https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html
 */
import type { HostKey } from '../host-key.ts';
import type { IsoFile } from './iso-image.ts';

/** The volume label by which cloud-init finds the disc. */
export const NO_CLOUD_VOLUME = 'cidata';

/**
 * On Debian and others the agent starts by itself when its port exists; other systems leave that to their installer.
 */
const START_AGENT = 'systemctl start qemu-guest-agent || service qemu-guest-agent start';

/**
 * The guest reaches nothing until the plant opens its network, so its boot must not wait for the network (`optional`).
 */
const NETWORK = {
  version: 2,
  ethernets: {
    vmgrid: {
      match: { name: 'e*' },
      optional: true,
      addresses: ['10.0.2.15/24'],
      routes: [{ to: '0.0.0.0/0', via: '10.0.2.2' }],
      nameservers: { addresses: ['10.0.2.3'] },
    },
  },
} as const;

/** JSON is valid YAML. */
const yaml = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** The host key is the one that the runner installs too, so it does not matter which of the two comes second. */
export function noCloudFiles(hostName: string, hostKey: HostKey): IsoFile[] {
  const userData = {
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
    runcmd: [['sh', '-c', START_AGENT]],
  };
  const files = {
    'meta-data': yaml({ 'instance-id': hostName, 'local-hostname': hostName }),
    'user-data': `#cloud-config\n${yaml(userData)}`,
    'network-config': yaml(NETWORK),
  };
  return Object.entries(files).map(([name, content]) => ({ name, content: Buffer.from(content) }));
}
