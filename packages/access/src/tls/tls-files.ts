/**
 * The certificate and key that a daemon shows on TLS connections. Changed files are read again: a renewed certificate
 * needs no restart.
 */
import { createSecureContext } from 'node:tls';
import { type Again, eachSecond, stampOf } from './file-stamp.ts';
import type { TlsConfig } from './tls-config.ts';
import { type ListenerTls, listenerOptions, readTlsMaterial, type TlsMaterial } from './tls-material.ts';

export interface TlsFilesOptions {
  readonly config: TlsConfig;
  /** Called with the reason when changed files are not accepted, once for each change. The old ones stay in use. */
  readonly onFault: (error: unknown) => void;
  /** Called when changed files were accepted. */
  readonly onRenewed?: () => void;
  readonly again?: Again;
}

/** A server whose certificate can be replaced; open connections keep theirs. */
interface TlsServer {
  setSecureContext(options: ListenerTls): void;
}

export class TlsFiles {
  readonly #options: TlsFilesOptions;
  readonly #servers = new Set<TlsServer>();
  #stamp: string;
  #material: TlsMaterial;

  /** @throws GridError KEY_EXPOSED, and errors of the file system or of OpenSSL about a file */
  constructor(options: TlsFilesOptions) {
    this.#options = options;
    this.#stamp = this.#stampOfAll();
    this.#material = readMaterial(options.config);
    (options.again ?? eachSecond)(() => this.look());
  }

  /** The current TLS material. */
  get material(): TlsMaterial {
    return this.#material;
  }

  /** Makes a server with the current options, and gives it new ones when the files change. */
  serve<S extends TlsServer>(make: (options: ListenerTls) => S): S {
    const server = make(listenerOptions(this.#material));
    this.#servers.add(server);
    return server;
  }

  /**
   * Reads the files if one has changed. A certificate whose key has not arrived yet is accepted with the next change.
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

  /** A missing file has a stamp too: it is being replaced. */
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
