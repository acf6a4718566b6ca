/**
 * How a site's identity provider says who somebody is: JSON Web Tokens (RFC 7519), signed by keys of a set (RFC 7517).
 */
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const ClaimName = Type.String({ minLength: 1, maxLength: 128 });
/** Daemons are not persons: no identity provider makes one. */
const PersonRole = Type.Union([Type.Literal('user'), Type.Literal('operator'), Type.Literal('auditor')]);

export const JwtConfig = Type.Object(
  {
    issuer: Type.String({ minLength: 1, maxLength: 1_024 }),
    /** What tokens must be for: this grid. */
    audience: Type.String({ minLength: 1, maxLength: 1_024 }),
    /** Where the keys are: an address, or a file that is read as the daemon starts. */
    jwksUrl: Type.Optional(Type.String({ pattern: '^https://|^http://(127\\.0\\.0\\.1|localhost|\\[::1\\])[:/]' })),
    jwksFile: Type.Optional(Type.String({ pattern: '^/' })),
    algorithms: Type.Array(
      Type.Union(
        ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'].map((name) =>
          Type.Literal(name),
        ),
      ),
      { minItems: 1, default: ['RS256', 'ES256', 'EdDSA'] },
    ),
    /**
     * The claim that names the owner, and what is put before it, so that nobody becomes the owner of a token's VMs by
     * choosing a name.
     */
    ownerClaim: Type.Unsafe<string>({ ...ClaimName, default: 'sub' }),
    ownerPrefix: Type.String({ pattern: '^[A-Za-z0-9._@:|/+-]{0,32}$', default: 'jwt:' }),
    /**
     * The claim with names of groups or roles (a text, or a list of texts), or the path to it, such as
     * `realm_access.roles`; and what each means here.
     */
    rolesClaim: Type.Unsafe<string>({ ...ClaimName, default: 'roles' }),
    roles: Type.Record(Type.String(), PersonRole, { default: {} }),
    /** Of everybody whom the provider knows. */
    defaultRoles: Type.Array(PersonRole, { maxItems: 3, default: [] }),
  },
  { ...closed, oneOf: [{ required: ['jwksUrl'] }, { required: ['jwksFile'] }] },
);
export type JwtConfig = Static<typeof JwtConfig>;
