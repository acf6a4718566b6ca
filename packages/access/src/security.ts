/** All that a daemon needs to know who is at its doors and links, of its configuration. */
import { findHome } from '@vmgrid/daemon';
import type { LinkTrust } from '@vmgrid/protocol';
import { Access, type Authenticator } from './access.ts';
import { joinTokenFile, readTokenFile } from './local-token.ts';
import { SiteTrust } from './site-trust.ts';
import { requireTls } from './tls/require-tls.ts';
import type { SecurityConfig } from './tls/tls-config.ts';
import { type ListenerTls, listenerOptions, readTlsMaterial } from './tls/tls-material.ts';

export interface Security {
  readonly authenticator: Authenticator;
  readonly trust: LinkTrust;
  /** For every listener; undefined in clear. */
  readonly tls?: ListenerTls;
}

export interface Surface {
  readonly listens: readonly string[];
  readonly dials: readonly string[];
}

/** @throws GridError TLS_REQUIRED when the daemon would be reached, or reach others, in clear; KEY_EXPOSED */
export function openSecurity(config: SecurityConfig, surface: Surface, environment: NodeJS.ProcessEnv): Security {
  requireTls({ ...surface, hasTls: config.tls !== undefined });
  const folder = config.accessDirectory ?? findHome(environment).access;
  const tls = config.tls && readTlsMaterial(config.tls);
  const authenticator = Access.open(folder);
  const joinToken = () => readTokenFile(config.joinTokenFile ?? joinTokenFile(folder));
  const trust = new SiteTrust({ authenticator, joinToken, ...(tls && { tls }) });
  return { authenticator, trust, ...(tls && { tls: listenerOptions(tls) }) };
}
