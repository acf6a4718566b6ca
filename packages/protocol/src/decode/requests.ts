/**
 * Decodes requests from parsed JSON: first the schema, then the rules that no schema can express (DAGs, expressions,
 * durations). Every function throws GridError: REQUEST_INVALID, DAG_DUPLICATE_ID, DAG_EDGE_UNKNOWN, DAG_CYCLE,
 * EXPRESSION_INVALID or DURATION_INVALID.
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
import { validate } from '../schema/validation/validator.ts';
import { checkDuration } from './duration.ts';
import { requireDag } from './require-dag.ts';
import { requireExpression } from './require-expression.ts';
import { withoutTemplate } from './without-template.ts';

export function decodeCreate(json: unknown): CreateRequest {
  return requireMachineDescription(json, 'create');
}

export function decodeEstimate(json: unknown): EstimateRequest {
  return requireMachineDescription(json, 'estimate');
}

function requireMachineDescription(json: unknown, subject: Verb): CreateRequest {
  const request = withoutTemplate(validate(CreateDocument, json, { subject }), subject);
  if (request.lease !== undefined) checkDuration('lease', request.lease, REQUEST_LIMITS.leaseMaxMs);
  requireExpression('requirements', request.requirements);
  requireExpression('rank', request.rank);
  requireDag('dag', request.dag);
  if (request.destruction !== undefined) requireDag('destruction', request.destruction);
  return request;
}

export function decodeConfigure(json: unknown): ConfigureRequest {
  const request = validate(ConfigureRequest, json, { subject: 'configure' });
  requireDag('dag', request.dag);
  return request;
}

export function decodeQuery(json: unknown): QueryRequest {
  return validate(QueryRequest, json, { subject: 'query' });
}

export function decodeList(json: unknown): ListRequest {
  const request = validate(ListRequest, json, { subject: 'list' });
  requireExpression('constraint', request.constraint);
  return request;
}

export function decodeDestroy(json: unknown): DestroyRequest {
  return validate(DestroyRequest, json, { subject: 'destroy' });
}

export function decodeSuspend(json: unknown): SuspendRequest {
  return validate(SuspendRequest, json, { subject: 'suspend' });
}

export function decodeResume(json: unknown): ResumeRequest {
  return validate(ResumeRequest, json, { subject: 'resume' });
}

export function decodeStart(json: unknown): StartRequest {
  return validate(StartRequest, json, { subject: 'start' });
}

export function decodeRenew(json: unknown): RenewRequest {
  const request = validate(RenewRequest, json, { subject: 'renew' });
  checkDuration('lease', request.lease, REQUEST_LIMITS.leaseMaxMs);
  return request;
}

export function decodeCancel(json: unknown): CancelRequest {
  return validate(CancelRequest, json, { subject: 'cancel' });
}

export function decodeBuildImage(json: unknown): BuildImageRequest {
  const request = validate(BuildImageRequest, json, { subject: 'build image' });
  requireDag('dag', request.dag);
  return request;
}

const VERBS: { readonly [V in Verb]: (json: unknown) => Request } = {
  create: (json) => ({ verb: 'create', body: decodeCreate(json) }),
  estimate: (json) => ({ verb: 'estimate', body: decodeEstimate(json) }),
  configure: (json) => ({ verb: 'configure', body: decodeConfigure(json) }),
  query: (json) => ({ verb: 'query', body: decodeQuery(json) }),
  list: (json) => ({ verb: 'list', body: decodeList(json) }),
  destroy: (json) => ({ verb: 'destroy', body: decodeDestroy(json) }),
  suspend: (json) => ({ verb: 'suspend', body: decodeSuspend(json) }),
  resume: (json) => ({ verb: 'resume', body: decodeResume(json) }),
  start: (json) => ({ verb: 'start', body: decodeStart(json) }),
  renew: (json) => ({ verb: 'renew', body: decodeRenew(json) }),
  cancel: (json) => ({ verb: 'cancel', body: decodeCancel(json) }),
};

/** Decodes a request of this verb; an unknown verb is REQUEST_INVALID. */
export function decodeRequest(verb: string, json: unknown): Request {
  if (!Object.hasOwn(VERBS, verb)) {
    throw requestInvalid('verb', `${show(verb)} is not a verb; known are ${Object.keys(VERBS).join(', ')}`);
  }
  return VERBS[verb as Verb](json);
}
