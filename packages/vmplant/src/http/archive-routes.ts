/** Transfers archives of images as streams: neither end holds more of one than a few blocks. */
import { createHash } from 'node:crypto';
import type { Log } from '@vmgrid/daemon';
import {
  announcedDigest,
  booleanQuery,
  callerOf,
  guard,
  type OperationService,
  requireContent,
  sendJson,
} from '@vmgrid/http-api';
import {
  GridError,
  type ImportImagesReply,
  ImportImagesRequest,
  type ProgressEvent,
  type RequestKey,
  requestKey,
  validate,
} from '@vmgrid/protocol';
import type { ImportedImage, ImportOptions, Warehouse } from '@vmgrid/warehouse';
import { importStream, OpenArchive } from '@vmgrid/warehouse';
import { type Request, type Response, Router } from 'express';

export interface ArchiveRoutesDeps {
  readonly warehouse: Warehouse;
  readonly operationService: OperationService;
  readonly restoreFault: ImportOptions['restoreFault'];
  readonly report: (event: ProgressEvent) => void;
  /** Called when images have arrived. */
  readonly changed: () => void;
  readonly log: Log;
}

const ARCHIVE_TYPE = 'application/zstd';

export const TRANSFER_LIMITS = {
  /** Archives that are transferred at the same time. */
  transfers: 4,
  /** Milliseconds for which a client may neither send nor read anything. */
  silenceMs: 60_000,
  /** Milliseconds that a whole upload may take. */
  uploadMs: 6 * 3_600_000,
} as const;

export type TransferLimits = { readonly [Name in keyof typeof TRANSFER_LIMITS]: number };

export function archiveRoutes(deps: ArchiveRoutesDeps, limits: TransferLimits = TRANSFER_LIMITS): Router {
  const router = Router();
  const slots = new Slots(limits.transfers);

  router.get('/images/:imageId/archive', guard('image.export'), async (request, response) => {
    using _ = slots.take();
    response.setTimeout(limits.silenceMs, () => response.destroy());
    await download(request.params.imageId, response, deps);
  });

  router.post('/images/archive', guard('image.import', ['keepMemory']), async (request, response) => {
    requireContent(request, ARCHIVE_TYPE);
    request.setTimeout(limits.silenceMs, () => request.destroy());
    const wanted = validate(ImportImagesRequest, wantedOf(request), { subject: 'import' });
    const called = { ...wanted, caller: callerOf(response) };
    const operation = deps.operationService.begin('import-images', called, async (named) => {
      using _ = slots.take();
      return {
        requestId: named.requestId,
        images: await upload(request, { ...wanted, key: requestKey(named) }, deps),
      } satisfies ImportImagesReply;
    });
    response.locals.work = operation.settled;
    const reply = (await operation.settled) as ImportImagesReply;
    response.status(201);
    sendJson(request, response, reply);
  });

  return router;
}

async function download(imageId: string, response: Response, { warehouse, operationService, log }: ArchiveRoutesDeps) {
  await using archive = await OpenArchive.open(warehouse, imageId);
  response.type(ARCHIVE_TYPE);
  response.attachment(`${archive.contents.imageId}.tar.zst`);
  try {
    await archive.writeTo(response, { signal: operationService.closing });
  } catch (error) {
    // The answer has begun, so all that the client learns is that it breaks off.
    log.warn({ err: error, imageId }, 'the download of an archive broke off');
    response.destroy();
  }
}

async function upload(
  request: Request,
  { keepMemory, digest, key }: ImportImagesRequest & { readonly key: RequestKey },
  { warehouse, operationService, restoreFault, report, changed }: ArchiveRoutesDeps,
): Promise<ImportedImage[]> {
  const onFile = (subject: string, state: ProgressEvent['state']) =>
    report({ ...key, at: new Date().toISOString(), phase: 'import', subject, state });
  const options = {
    signal: operationService.closing,
    restoreFault: keepMemory ? () => undefined : restoreFault,
    onFile,
  };
  try {
    return await importStream(warehouse, checked(request, digest), options);
  } catch (error) {
    if (request.complete || !request.destroyed) throw error;
    throw new GridError(
      'BODY_INCOMPLETE',
      'the connection ended before the archive was complete',
      {},
      { cause: error },
    );
  } finally {
    changed();
  }
}

const wantedOf = (request: Request): object => ({
  ...optional('requestId', request.get('idempotency-key')),
  ...optional('digest', announcedDigest(request)),
  keepMemory: booleanQuery(request, 'keepMemory') ?? false,
});

const optional = (name: string, value: string | undefined): object => (value === undefined ? {} : { [name]: value });

/**
 * Passes the bytes on; fails at their end when their SHA-256 is not the announced one, in the form of Repr-Digest (RFC
 * 9530).
 */
async function* checked(bytes: AsyncIterable<Buffer>, expected: string | undefined): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const actual = `sha-256=:${hash.digest('base64')}:`;
  if (expected === undefined || expected === actual) return;
  throw new GridError('ARCHIVE_INVALID', `the archive has the digest ${actual}, not ${expected}`, { actual, expected });
}

class Slots {
  readonly #limit: number;
  #taken = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws GridError OVERLOADED */
  take(): Disposable {
    if (this.#taken >= this.#limit) {
      throw new GridError('OVERLOADED', `${this.#taken} archives are being transferred, the limit is ${this.#limit}`);
    }
    this.#taken += 1;
    return {
      [Symbol.dispose]: () => {
        this.#taken -= 1;
      },
    };
  }
}
