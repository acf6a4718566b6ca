/** The part of a daemon's configuration about whom it trusts and what it shows. */
import { type Static, Type } from 'typebox';
import { JwtConfig } from '../jwt/jwt-config.ts';

const absolutePath = (description: string) => Type.String({ pattern: '^/', description });

/** Files in PEM. */
export const TlsConfig = Type.Object(
  {
    certificateFile: absolutePath('File with the certificate of the daemon, in PEM.'),
    keyFile: absolutePath('File with the private key of the certificate, in PEM. Others may not read it.'),
    caFile: absolutePath(
      "File with the certificate of the site's own CA, in PEM. Whatever it signed is a daemon of the site, " +
        'by the name and kind in its subject.',
    ),
    revocationFile: Type.Optional(
      absolutePath(
        'File with the list of revoked certificates, signed by the CA. It is read again when it changes. ' +
          'Left out: no certificate is revoked.',
      ),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Certificate of the daemon, for all its endpoints and links. ' +
      'Left out: the daemon listens on loopback only, and dials loopback only.',
  },
);
export type TlsConfig = Static<typeof TlsConfig>;

/** Fields of every daemon's configuration. */
export const SECURITY_CONFIG = {
  accessDirectory: Type.Optional(
    absolutePath('Folder of the tokens that the endpoints take. Left out: `access` in the home of the grid.'),
  ),
  joinTokenFile: Type.Optional(
    absolutePath(
      'File with the token that the daemon shows when it dials a link without TLS. ' +
        'Left out: `join.token` in the folder of the tokens.',
    ),
  ),
  tls: Type.Optional(TlsConfig),
  allowedHosts: Type.Optional(
    Type.Array(Type.String({ pattern: '^[A-Za-z0-9._-]{1,253}$' }), {
      maxItems: 64,
      description:
        'Names by which the HTTP endpoint may be called, as a reverse proxy passes them on. ' +
        "Left out: any name; on loopback only loopback's own.",
    }),
  ),
  trustedProxies: Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$' }), {
      maxItems: 64,
      description:
        'Addresses and networks, such as `10.0.0.0/8`, of reverse proxies whose `X-Forwarded-For` is believed. ' +
        'Left out: none.',
    }),
  ),
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
