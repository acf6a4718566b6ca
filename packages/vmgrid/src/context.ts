import type { ConnectionOptions, FileClient, ShopClient } from '@vmgrid/protocol';
import type { Output } from './output/output.ts';

/** The environment of every command; made once the global options are known. */
export interface CommandEnvironment {
  readonly output: Output;
  readonly client: ShopClient;
  /** Uploaded files, at the same shop. */
  readonly files: FileClient;
  /** Returns the options for connecting to an endpoint other than the shop's. */
  readonly connect: (url: string) => ConnectionOptions;
  readonly environment: NodeJS.ProcessEnv;
}

export type CommandContext = () => CommandEnvironment;

/** Address of the shop when neither `--shop` nor `VMGRID_SHOP` names one. */
export const DEFAULT_SHOP = 'http://127.0.0.1:7780';
