/**
 * The files by which cloud-init's NoCloud source knows a machine, for images made for clouds: such a guest names
 * itself, sets up its network and starts the agent as it first boots. Pure.
 * https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html
 */
import type { HostKey } from './host-key.ts';
import type { IsoFile } from './iso-image.ts';

/** Label by which cloud-init finds the disc. */
export const NO_CLOUD_VOLUME = 'cidata';

/** Debian and others start the agent by themselves when its port is there; some leave that to whoever installs them. */
const START_AGENT = 'systemctl start qemu-guest-agent || service qemu-guest-agent start';

/** The guest reaches nothing until the plant opens its network, so its boot must not wait for that (`optional`). */
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

/** JSON is YAML. */
const yaml = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** The host key is the one that the runner installs: whichever of the two comes second changes nothing. */
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
