/** The part of a daemon's configuration that says whom it trusts and what it shows. */
import { type Static, Type } from 'typebox';
import { JwtConfig } from '../jwt/jwt-config.ts';

const AbsolutePath = Type.String({ pattern: '^/' });

/**
 * Files in PEM. The CA is the site's own: whatever it signed is a daemon of the site, by the name and kind in its
 * subject.
 */
export const TlsConfig = Type.Object(
  {
    certificateFile: AbsolutePath,
    keyFile: AbsolutePath,
    caFile: AbsolutePath,
    /**
     * List of the certificates that count no longer, signed by the CA; read again when it changes. Left out: all count.
     */
    revocationFile: Type.Optional(AbsolutePath),
  },
  { additionalProperties: false },
);
export type TlsConfig = Static<typeof TlsConfig>;

/** Fields of every daemon's configuration. */
export const SECURITY_CONFIG = {
  /** Folder of the tokens that its doors take. Left out: that of the grid of this machine. */
  accessDirectory: Type.Optional(AbsolutePath),
  /**
   * File with the token that is shown when a link is dialled. Left out: the one that the daemons of this machine made.
   */
  joinTokenFile: Type.Optional(AbsolutePath),
  /**
   * Certificate of the daemon, for all its doors and links. Without it nothing but loopback is listened on or dialled.
   */
  tls: Type.Optional(TlsConfig),
  /** Names by which the HTTP door may be called, as a reverse proxy passes them on. On loopback no others are taken. */
  allowedHosts: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9._-]{1,253}$' }), { maxItems: 64 })),
  /**
   * Addresses and networks, such as `10.0.0.0/8`, of reverse proxies, whose `X-Forwarded-For` says who the client is.
   */
  trustedProxies: Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$' }), { maxItems: 64 }),
  ),
  /** Identity provider of the site, whose tokens doors take too. */
  jwt: Type.Optional(JwtConfig),
};

export interface SecurityConfig {
  readonly accessDirectory?: string;
  readonly joinTokenFile?: string;
  readonly tls?: TlsConfig;
  readonly jwt?: JwtConfig;
  readonly allowedHosts?: readonly string[];
  readonly trustedProxies?: readonly string[];
}
