/** All that a daemon needs to know who is at its doors and links, of its configuration. */
import { join } from 'node:path';
import { findHome } from '@vmgrid/daemon';
import type { LinkTrust } from '@vmgrid/protocol';
import { Access, type Authenticator } from './access.ts';
import { Audit, type AuditTrail } from './audit.ts';
import { JwtAuthenticator } from './jwt/jwt-authenticator.ts';
import { joinTokenFile, readTokenFile } from './local-token.ts';
import { SiteTrust } from './site-trust.ts';
import { requireTls } from './tls/require-tls.ts';
import type { SecurityConfig } from './tls/tls-config.ts';
import { type ListenerTls, listenerOptions, readTlsMaterial } from './tls/tls-material.ts';

export interface Security {
  readonly authenticator: Authenticator;
  readonly trust: LinkTrust;
  readonly audit: AuditTrail;
  /** For every listener; undefined in clear. */
  readonly tls?: ListenerTls;
}

export interface Surface {
  /** Name of the daemon. */
  readonly name: string;
  readonly listens: readonly string[];
  readonly dials: readonly string[];
}

/** @throws GridError TLS_REQUIRED when the daemon would be reached, or reach others, in clear; KEY_EXPOSED */
export function openSecurity(config: SecurityConfig, surface: Surface, environment: NodeJS.ProcessEnv): Security {
  const { name, ...reach } = surface;
  requireTls({ ...reach, hasTls: config.tls !== undefined });
  const folder = config.accessDirectory ?? findHome(environment).access;
  const tls = config.tls && readTlsMaterial(config.tls);
  const access = Access.open(folder);
  const joinToken = () => readTokenFile(config.joinTokenFile ?? joinTokenFile(folder));
  const trust = new SiteTrust({ authenticator: access, joinToken, ...(tls && { tls }) });
  const authenticator = config.jwt === undefined ? access : new JwtAuthenticator(access, config.jwt);
  const audit = openAudit(folder, name);
  return { authenticator, trust, audit, ...(tls && { tls: listenerOptions(tls) }) };
}

/** The trail of a machine; the folder must be there. */
export const openAudit = (folder: string, daemon: string): Audit => new Audit(join(folder, 'audit.sqlite'), { daemon });
