/**
 * Configuration of a site's identity provider, which issues JSON Web Tokens (RFC 7519) signed by keys of a set (RFC
 * 7517).
 */
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const claimName = (value: string, description: string) =>
  Type.String({ minLength: 1, maxLength: 128, default: value, description });
/** No identity provider gives the roles of daemons. */
const PersonRole = Type.Union([Type.Literal('user'), Type.Literal('operator'), Type.Literal('auditor')]);

export const JwtConfig = Type.Object(
  {
    issuer: Type.String({ minLength: 1, maxLength: 1_024, description: 'Issuer of the tokens (`iss`).' }),
    audience: Type.String({
      minLength: 1,
      maxLength: 1_024,
      description: 'Audience of the tokens (`aud`): the name of this grid at the provider.',
    }),
    jwksUrl: Type.Optional(
      Type.String({
        pattern: '^https://|^http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/]',
        description: "Address of the provider's keys. Give either this or `jwksFile`.",
      }),
    ),
    jwksFile: Type.Optional(
      Type.String({ pattern: '^/', description: "File with the provider's keys; it is read when the daemon starts." }),
    ),
    algorithms: Type.Array(
      Type.Union(
        ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'].map((name) =>
          Type.Literal(name),
        ),
      ),
      { minItems: 1, default: ['RS256', 'ES256', 'EdDSA'], description: 'Signature algorithms that are accepted.' },
    ),
    ownerClaim: claimName('sub', 'Claim that names the owner.'),
    ownerPrefix: Type.String({
      pattern: '^[A-Za-z0-9._@:|/+-]{0,32}$',
      default: 'jwt:',
      description:
        "Text put before the owner's name, so that nobody becomes the owner of another token's VMs " +
        'by choosing a name at the provider.',
    }),
    rolesClaim: claimName(
      'roles',
      'Claim with the names of groups or roles (a text or a list of texts), or the path to it, ' +
        'such as `realm_access.roles`.',
    ),
    roles: Type.Record(Type.String(), PersonRole, {
      default: {},
      description: "Which role each of the provider's groups or roles means here.",
    }),
    defaultRoles: Type.Array(PersonRole, {
      maxItems: 3,
      default: [],
      description: 'Roles of everybody whom the provider knows.',
    }),
  },
  {
    ...closed,
    oneOf: [{ required: ['jwksUrl'] }, { required: ['jwksFile'] }],
    description: 'Identity provider of the site, whose JSON Web Tokens the endpoints accept too. Left out: none.',
  },
);
export type JwtConfig = Static<typeof JwtConfig>;
