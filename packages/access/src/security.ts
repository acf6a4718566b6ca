/** Everything about access that a daemon makes from its configuration. */
import { join } from 'node:path';
import { findHome, type Log } from '@vmgrid/daemon';
import type { LinkTrust } from '@vmgrid/protocol';
import { Access, type Authenticator } from './access.ts';
import { Audit, type AuditTrail } from './audit.ts';
import { auditedTrust } from './audited-trust.ts';
import type { JwtConfig } from './jwt/jwt-config.ts';
import { joinTokenFile, readTokenFile } from './local-token.ts';
import { SiteTrust } from './site-trust.ts';
import { requireTls } from './tls/require-tls.ts';
import { Revocations } from './tls/revocations.ts';
import type { SecurityConfig, TlsConfig } from './tls/tls-config.ts';
import { TlsFiles } from './tls/tls-files.ts';

export interface Security {
  readonly authenticator: Authenticator;
  readonly trust: LinkTrust;
  readonly audit: AuditTrail;
  /** TLS for every listener; undefined when they listen in clear. */
  readonly tls?: Pick<TlsFiles, 'serve'>;
  /** Checks at once, instead of within a second, whether certificates or the revocation list have changed. */
  readonly look: () => void;
}

export interface Surface {
  /** The name of the daemon. */
  readonly name: string;
  readonly listens: readonly string[];
  readonly dials: readonly string[];
}

export interface SecurityDeps {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Pick<Log, 'warn' | 'info'>;
}

/**
 * @throws GridError TLS_REQUIRED when the daemon would listen or dial in clear beyond this machine; KEY_EXPOSED;
 * CONFIG_INVALID when its list of revoked certificates is no such list
 */
export async function openSecurity(
  config: SecurityConfig,
  surface: Surface,
  { environment, log }: SecurityDeps,
): Promise<Security> {
  const { name, ...reach } = surface;
  requireTls({ ...reach, hasTls: config.tls !== undefined });
  const folder = config.accessDirectory ?? findHome(environment).access;
  const tls = config.tls && openTls(config.tls, log);
  const access = Access.open(folder);
  const joinToken = () => readTokenFile(config.joinTokenFile ?? joinTokenFile(folder));
  const revocations = tls && (await openRevocations(config.tls!, tls, log));
  const site = new SiteTrust({
    authenticator: access,
    joinToken,
    revocations,
    ...(tls && { tls: () => tls.material }),
  });
  const authenticator = config.jwt === undefined ? access : await acceptingJwt(access, config.jwt);
  const audit = openAudit(folder, name);
  const look = () => {
    tls?.look();
    revocations?.look();
  };
  return { authenticator, trust: auditedTrust(site, audit), audit, look, ...(tls && { tls }) };
}

/**
 * Loads the token reader only when it is configured, and then at once: later another bundle may have replaced the parts
 * of this one.
 */
async function acceptingJwt(access: Access, config: JwtConfig): Promise<Authenticator> {
  const { JwtAuthenticator } = await import('./jwt/jwt-authenticator.ts');
  return new JwtAuthenticator(access, config);
}

function openTls(config: TlsConfig, log: SecurityDeps['log']): TlsFiles {
  const onFault = (error: unknown) =>
    log.warn({ err: error }, 'the changed certificate files are not accepted; the daemon goes on with the old ones');
  const onRenewed = () =>
    log.info({ certificateFile: config.certificateFile }, 'the daemon shows its new certificate from now on');
  return new TlsFiles({ config, onFault, onRenewed });
}

async function openRevocations({ revocationFile }: TlsConfig, tls: TlsFiles, log: SecurityDeps['log']) {
  if (revocationFile === undefined) return undefined;
  const onFault = (error: unknown) =>
    log.warn({ err: error }, 'the new list of revoked certificates is not accepted; the old one stays in force');
  return Revocations.open({ file: revocationFile, ca: () => tls.material.ca, onFault });
}

/** Opens the audit trail of a machine; the folder must exist. */
export const openAudit = (folder: string, daemon: string): Audit => new Audit(join(folder, 'audit.sqlite'), { daemon });
