/**
 * Decodes requests from parsed JSON: first the schema, then the rules that no schema can express (DAGs, expressions,
 * durations). Every function throws GridError: REQUEST_INVALID, DAG_DUPLICATE_ID, DAG_EDGE_UNKNOWN, DAG_CYCLE,
 * EXPRESSION_INVALID or DURATION_INVALID. With `untold` it may also throw Untold.
 */
import { requestInvalid } from '../errors/request-invalid.ts';
import { REQUEST_LIMITS } from '../limits.ts';
import {
  BuildImageRequest,
  CancelRequest,
  ConfigureRequest,
  CreateDocument,
  type CreateRequest,
  DestroyRequest,
  type EstimateRequest,
  ListRequest,
  QueryRequest,
  RenewRequest,
  type Request,
  ResumeRequest,
  StartRequest,
  SuspendRequest,
  type Verb,
} from '../schema/requests.ts';
import { show } from '../schema/validation/show.ts';
import { type Telling, validate } from '../schema/validation/validator.ts';
import { checkDuration } from './duration.ts';
import { requireDag } from './require-dag.ts';
import { requireExpression } from './require-expression.ts';
import { withoutTemplate } from './without-template.ts';

export function decodeCreate(json: unknown, how?: Telling): CreateRequest {
  return requireMachineDescription(json, 'create', how);
}

export function decodeEstimate(json: unknown, how?: Telling): EstimateRequest {
  return requireMachineDescription(json, 'estimate', how);
}

function requireMachineDescription(json: unknown, subject: Verb, how?: Telling): CreateRequest {
  const options = { subject, ...how };
  const request = withoutTemplate(validate(CreateDocument, json, options), options);
  if (request.lease !== undefined) checkDuration('lease', request.lease, REQUEST_LIMITS.leaseMaxMs);
  requireExpression('requirements', request.requirements);
  requireExpression('rank', request.rank);
  requireDag('dag', request.dag);
  if (request.destruction !== undefined) requireDag('destruction', request.destruction);
  return request;
}

export function decodeConfigure(json: unknown, how?: Telling): ConfigureRequest {
  const request = validate(ConfigureRequest, json, { subject: 'configure', ...how });
  requireDag('dag', request.dag);
  return request;
}

export function decodeQuery(json: unknown, how?: Telling): QueryRequest {
  return validate(QueryRequest, json, { subject: 'query', ...how });
}

export function decodeList(json: unknown, how?: Telling): ListRequest {
  const request = validate(ListRequest, json, { subject: 'list', ...how });
  requireExpression('constraint', request.constraint);
  return request;
}

export function decodeDestroy(json: unknown, how?: Telling): DestroyRequest {
  return validate(DestroyRequest, json, { subject: 'destroy', ...how });
}

export function decodeSuspend(json: unknown, how?: Telling): SuspendRequest {
  return validate(SuspendRequest, json, { subject: 'suspend', ...how });
}

export function decodeResume(json: unknown, how?: Telling): ResumeRequest {
  return validate(ResumeRequest, json, { subject: 'resume', ...how });
}

export function decodeStart(json: unknown, how?: Telling): StartRequest {
  return validate(StartRequest, json, { subject: 'start', ...how });
}

export function decodeRenew(json: unknown, how?: Telling): RenewRequest {
  const request = validate(RenewRequest, json, { subject: 'renew', ...how });
  checkDuration('lease', request.lease, REQUEST_LIMITS.leaseMaxMs);
  return request;
}

export function decodeCancel(json: unknown, how?: Telling): CancelRequest {
  return validate(CancelRequest, json, { subject: 'cancel', ...how });
}

export function decodeBuildImage(json: unknown): BuildImageRequest {
  const request = validate(BuildImageRequest, json, { subject: 'build image' });
  requireDag('dag', request.dag);
  return request;
}

const VERBS: { readonly [V in Verb]: (json: unknown, how?: Telling) => Request } = {
  create: (json, how) => ({ verb: 'create', body: decodeCreate(json, how) }),
  estimate: (json, how) => ({ verb: 'estimate', body: decodeEstimate(json, how) }),
  configure: (json, how) => ({ verb: 'configure', body: decodeConfigure(json, how) }),
  query: (json, how) => ({ verb: 'query', body: decodeQuery(json, how) }),
  list: (json, how) => ({ verb: 'list', body: decodeList(json, how) }),
  destroy: (json, how) => ({ verb: 'destroy', body: decodeDestroy(json, how) }),
  suspend: (json, how) => ({ verb: 'suspend', body: decodeSuspend(json, how) }),
  resume: (json, how) => ({ verb: 'resume', body: decodeResume(json, how) }),
  start: (json, how) => ({ verb: 'start', body: decodeStart(json, how) }),
  renew: (json, how) => ({ verb: 'renew', body: decodeRenew(json, how) }),
  cancel: (json, how) => ({ verb: 'cancel', body: decodeCancel(json, how) }),
};

/** Decodes a request of this verb; an unknown verb is REQUEST_INVALID. */
export function decodeRequest(verb: string, json: unknown, how?: Telling): Request {
  if (!Object.hasOwn(VERBS, verb)) {
    throw requestInvalid('verb', `${show(verb)} is not a verb; known are ${Object.keys(VERBS).join(', ')}`);
  }
  return VERBS[verb as Verb](json, how);
}
