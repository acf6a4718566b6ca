/** Tells the audit trail of each request to an endpoint: who, what, and what came of it. */
import { type AuditNote, type AuditSink, goesUnaudited, isChange, ownerOverRate, type Principal } from '@vmgrid/access';
import { whenClosed } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Request, RequestHandler, Response } from 'express';

/** What handlers leave for the trail in `response.locals`. */
interface Traces {
  readonly principal?: Principal;
  /** Why there is no principal. */
  readonly refusal?: unknown;
  readonly operation?: string;
  /** What it is about, where the address does not say. */
  readonly target?: string;
  /** Code of the error that was sent. */
  readonly outcome?: string;
  /** Work that goes on whether the client waits or not: its outcome is that of the request. */
  readonly work?: Promise<unknown>;
}

/**
 * A change is noted as it begins and as it ends, so that what a killed daemon was at is known; all else as it ends. One
 * that cannot be noted is refused, unless it takes something away.
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

/** A stream of events has no end of its own. */
const isWhole = (response: Response): boolean =>
  response.writableFinished || response.getHeader('content-type') === 'text/event-stream';

const tracesOf = ({ locals }: Response): Traces => locals;
