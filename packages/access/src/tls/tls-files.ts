/**
 * What a daemon shows on TLS connections. Its files are read again when one has changed: a renewed certificate needs no
 * restart.
 */
import { createSecureContext } from 'node:tls';
import { type Again, eachSecond, stampOf } from './file-stamp.ts';
import type { TlsConfig } from './tls-config.ts';
import { type ListenerTls, listenerOptions, readTlsMaterial, type TlsMaterial } from './tls-material.ts';

export interface TlsFilesOptions {
  readonly config: TlsConfig;
  /** Told why changed files are not taken, once for each change; what was read before goes on to be shown. */
  readonly onFault: (error: unknown) => void;
  /** Told when changed files were taken. */
  readonly onRenewed?: () => void;
  readonly again?: Again;
}

/** A server that can be given another certificate; connections that are open keep theirs. */
interface TlsServer {
  setSecureContext(options: ListenerTls): void;
}

export class TlsFiles {
  readonly #options: TlsFilesOptions;
  readonly #servers = new Set<TlsServer>();
  #stamp: string;
  #material: TlsMaterial;

  /** @throws GridError KEY_EXPOSED; what the file system, or OpenSSL, says of a file that will not do */
  constructor(options: TlsFilesOptions) {
    this.#options = options;
    this.#stamp = this.#stampOfAll();
    this.#material = readMaterial(options.config);
    (options.again ?? eachSecond)(() => this.look());
  }

  /** As it is now. */
  get material(): TlsMaterial {
    return this.#material;
  }

  /** The server, which is made with these options and gets others when the files change. */
  serve<S extends TlsServer>(make: (options: ListenerTls) => S): S {
    const server = make(listenerOptions(this.#material));
    this.#servers.add(server);
    return server;
  }

  /**
   * Takes the files anew if one has changed. A certificate whose key has not come yet is taken with the next change.
   */
  look(): void {
    const { config, onFault, onRenewed } = this.#options;
    try {
      const stamp = this.#stampOfAll();
      if (stamp === this.#stamp) return;
      this.#stamp = stamp;
      this.#material = readMaterial(config);
    } catch (error) {
      onFault(error);
      return;
    }
    for (const server of this.#servers) server.setSecureContext(listenerOptions(this.#material));
    onRenewed?.();
  }

  /** A file that is missing has a stamp too: it is being replaced. */
  #stampOfAll(): string {
    const { certificateFile, keyFile, caFile } = this.#options.config;
    return [certificateFile, keyFile, caFile].map(stampIfAny).join(', ');
  }
}

function stampIfAny(file: string): string {
  try {
    return stampOf(file);
  } catch {
    return 'missing';
  }
}

function readMaterial(config: TlsConfig): TlsMaterial {
  const material = readTlsMaterial(config);
  createSecureContext(material); // throws when key and certificate are not of each other
  return material;
}
