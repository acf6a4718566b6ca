/** Notes each request to an endpoint in the audit trail: who, what, and with which outcome. */
import { type AuditNote, type AuditSink, goesUnaudited, isChange, ownerOverRate, type Principal } from '@vmgrid/access';
import { whenClosed } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Request, RequestHandler, Response } from 'express';

/** Values that handlers leave for the trail in `response.locals`. */
interface Traces {
  readonly principal?: Principal;
  /** Why there is no principal. */
  readonly refusal?: unknown;
  readonly operation?: string;
  /** The object of the request, when the path does not name it. */
  readonly target?: string;
  /** Code of the error that was sent. */
  readonly outcome?: string;
  /** Work that goes on whether the client waits or not. Its outcome is the outcome of the request. */
  readonly work?: Promise<unknown>;
}

/**
 * Notes a change when it begins and when it ends, so that the unfinished work of a killed daemon is known; notes
 * everything else when it ends. A change that cannot be noted is refused, unless it frees resources.
 */
export const auditRequests =
  (audit: AuditSink): RequestHandler =>
  (request, response, next) => {
    const note = (outcome: string) => audit.add({ ...noteOf(request, response), outcome });
    response.locals.begins = async () => {
      const { operation } = tracesOf(response);
      if (!isChange(operation)) return;
      note('begun');
      const hindrance = await audit.written();
      if (hindrance && !goesUnaudited(operation)) throw hindrance;
    };
    whenClosed(response, () => {
      const { outcome = isWhole(response) ? 'ok' : 'CANCELLED', work } = tracesOf(response);
      if (work)
        work.then(
          () => note('ok'),
          (error: unknown) => note(GridError.from(error).code),
        );
      else note(outcome);
    });
    next();
  };

function noteOf(request: Request, response: Response): Omit<AuditNote, 'outcome'> {
  const { principal, refusal, operation = 'none', target: named } = tracesOf(response);
  const target = response.getHeader('location') ?? (named || `${request.baseUrl}${request.path}`);
  return {
    ...{ door: 'http', operation, target: String(target) },
    ...(principal ? { owner: principal.owner, credential: principal.credential } : ownerOverRate(refusal)),
    ...(request.ip === undefined ? {} : { from: request.ip }),
  };
}

/** A stream of events never ends by itself. */
const isWhole = (response: Response): boolean =>
  response.writableFinished || response.getHeader('content-type') === 'text/event-stream';

const tracesOf = ({ locals }: Response): Traces => locals;
