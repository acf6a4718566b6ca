/** The configuration DAG as clients write it: one source for the JSON Schema 2020-12 and the TypeScript types. */
import { type Static, Type } from 'typebox';
import { DAG_LIMITS } from './limits.ts';

const closed = { additionalProperties: false } as const;

/** ISO 8601 duration with days at most (no months or years: their length varies), such as `PT90S` or `P1DT2H`. */
export const Duration = Type.String({
  pattern: '^P(?=.)(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+(\\.\\d{1,3})?S)?)?$',
  maxLength: 32,
});

/** The name of an action inside its DAG. */
export const ActionId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$' });

const Script = Type.String({ minLength: 1, maxLength: DAG_LIMITS.textChars });

/** Hints: how to run the action. They change nothing on the machine and are left out of its digest. */
const hints = {
  id: ActionId,
  timeout: Type.Optional(Duration),
  retries: Type.Optional(Type.Integer({ minimum: 0, maximum: DAG_LIMITS.retries })),
  onError: Type.Optional(Type.Union([Type.Literal('abort'), Type.Literal('continue')])),
  recover: Type.Optional(Script),
  secret: Type.Optional(Type.Boolean()),
  /** The result is right for one machine only: no image stands for this action, nor for those after it. */
  perMachine: Type.Optional(Type.Boolean()),
  /** How long the result stays good: an image that ran the action longer ago does not stand for it. */
  freshness: Type.Optional(Duration),
  comment: Type.Optional(Type.String({ maxLength: 1024 })),
};

/** Fields of an action that runs in the guest. */
const inGuest = {
  ...hints,
  /** The machine restarts as the action ends: by itself, or the runner restarts it. What comes after waits for that. */
  reboot: Type.Optional(Type.Boolean()),
};

const environment = Type.Optional(
  Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$' }), Type.String({ maxLength: 32_768 }), {
    maxProperties: DAG_LIMITS.environmentVariables,
    additionalProperties: false, // else names outside the pattern would pass
  }),
);

/** A shell script run in the guest as root: by its `#!` line if it begins with one, else by `/bin/sh -e`. */
export const ScriptAction = Type.Object(
  { kind: Type.Literal('script'), ...inGuest, environment, script: Script },
  closed,
);

/** SHA-256 of a content, as the upload of a file names it. */
export const ContentDigest = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' });

/** A file put into the guest. */
export const FileAction = Type.Object(
  {
    kind: Type.Literal('file'),
    ...inGuest,
    path: Type.String({ pattern: '^/[^\\u0000-\\u001f\\u007f]*[^/\\u0000-\\u001f\\u007f]$', maxLength: 4096 }),
    mode: Type.Optional(Type.String({ pattern: '^[0-7]{3,4}$' })),
    owner: Type.Optional(Type.String({ pattern: '^[a-z_0-9][a-z0-9_-]{0,31}(:[a-z_0-9][a-z0-9_-]{0,31})?$' })),
    encoding: Type.Optional(Type.Union([Type.Literal('utf-8'), Type.Literal('base64')])),
    /** The content; the alternative is an uploaded file (`contentDigest`). */
    content: Type.Optional(Type.String({ maxLength: DAG_LIMITS.textChars })),
    contentDigest: Type.Optional(ContentDigest),
  },
  closed,
);

/** Packages installed with the guest's own package tool. */
export const PackageAction = Type.Object(
  {
    kind: Type.Literal('package'),
    ...inGuest,
    environment,
    packages: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9.+:~=-]{0,127}$' }), {
      minItems: 1,
      maxItems: DAG_LIMITS.packages,
    }),
  },
  closed,
);

/** An executable in the plant's folder of host actions, put there by the operator. It runs on the plant's host. */
export const HostAction = Type.Object(
  {
    kind: Type.Literal('host'),
    ...hints,
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$' }),
    arguments: Type.Optional(
      Type.Array(Type.String({ maxLength: 4096, pattern: '^[^\\u0000]*$' }), { maxItems: DAG_LIMITS.arguments }),
    ),
  },
  closed,
);

export const Action = Type.Union([ScriptAction, FileAction, PackageAction, HostAction]);

/** `from` runs before `to`. */
export const Edge = Type.Object({ from: ActionId, to: ActionId }, closed);

export const Dag = Type.Object(
  {
    actions: Type.Array(Action, { maxItems: DAG_LIMITS.actions }),
    edges: Type.Optional(Type.Array(Edge, { maxItems: DAG_LIMITS.edges })),
  },
  closed,
);

export type ScriptAction = Static<typeof ScriptAction>;
export type FileAction = Static<typeof FileAction>;
export type PackageAction = Static<typeof PackageAction>;
export type HostAction = Static<typeof HostAction>;
export type Action = Static<typeof Action>;
export type Edge = Static<typeof Edge>;
export type Dag = Static<typeof Dag>;

/** Whether the machine restarts as the action ends. */
export const restartsMachine = (action: Action): boolean => action.kind !== 'host' && action.reboot === true;
