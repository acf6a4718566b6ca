import type { GivenIdentity, Guest, Restart } from '../../production-line.ts';
import type { CloneIdentity } from '../clone-identity.ts';
import type { AgentChannel } from './agent-channel.ts';

const NANOSECONDS = 1_000_000;

/** A guest that is reached over its resident agent. One run at a time. */
export class ResidentGuest implements Guest {
  readonly discDevice: string;
  readonly #channel: AgentChannel;

  /** `discDevice`: under which the guest sees its disc drive. */
  constructor(channel: AgentChannel, discDevice: string) {
    this.#channel = channel;
    this.discDevice = discDevice;
  }

  identify(identity: CloneIdentity, epochMs: number, signal: AbortSignal): Promise<GivenIdentity> {
    return this.#channel.identify(identityFields(identity, epochMs), signal);
  }

  prepare(signal: AbortSignal): Promise<void> {
    return this.#channel.prepare(signal);
  }

  run(command: readonly string[], signal: AbortSignal): AsyncIterable<string> {
    return this.#channel.run(command, signal);
  }

  restarted(signal: AbortSignal): Promise<Restart> {
    return this.#channel.restarted(signal);
  }
}

/** In the order in which agent/src/identity/identity.c reads them. */
export const identityFields = (identity: CloneIdentity, epochMs: number): readonly (string | Buffer)[] => [
  String(BigInt(Math.round(epochMs)) * BigInt(NANOSECONDS)),
  identity.growDisk ? 'y' : 'n',
  identity.hostName,
  identity.macAddress,
  identity.machineId,
  identity.bootId,
  identity.hostKey.privateKey,
  identity.hostKey.publicKey,
  identity.entropy,
];
