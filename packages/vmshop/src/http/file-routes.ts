/** `/v1/files`: files that actions name by their digest. Each owner has its own. */
import { finished } from 'node:stream/promises';
import { endsWithin } from '@vmgrid/daemon';
import { announcedDigest, callerOf, guard, PAGE_QUERY, pageQuery, requireContent, sendJson } from '@vmgrid/http-api';
import { type Caller, type FileListReply, FileReply, GridError, pageOf, validate } from '@vmgrid/protocol';
import { type Request, Router } from 'express';
import type { FileStore } from '../files/file-store.ts';

const FILE_TYPE = 'application/octet-stream';
/** How long a client may send nothing. */
const SILENCE_MS = 60_000;
/** How long what still comes of a refused upload is read and dropped, so that its client hears the answer. */
const REFUSED_MS = 10_000;

/** The route that reads its body itself, of any length. */
export function fileUploadRoutes(store: FileStore): Router {
  const router = Router();
  router.put('/files', guard('file.put'), async (request, response) => {
    requireContent(request, FILE_TYPE);
    request.setTimeout(SILENCE_MS, () => request.destroy());
    const { file, isNew } = await upload(request, callerOf(response), store);
    response.status(isNew ? 201 : 200).location(`/v1/files/${file.contentDigest}`);
    sendJson(request, response, file);
  });
  return router;
}

export function fileRoutes(store: FileStore): Router {
  const router = Router();

  router.get('/files', guard('file.list', PAGE_QUERY), (request, response) => {
    const { owner, sees } = callerOf(response);
    const all = store.list(sees === 'all' ? undefined : owner);
    const { items, ...next } = pageOf(all, pageQuery(request), (file) => `${file.owner} ${file.contentDigest}`);
    sendJson(request, response, { files: items, ...next } satisfies FileListReply);
  });

  router.delete('/files/:contentDigest', guard('file.remove'), (request, response) => {
    const { contentDigest } = request.params;
    validate(FileReply.properties.contentDigest, contentDigest, { subject: 'contentDigest' });
    store.remove(callerOf(response).owner, contentDigest);
    response.status(204).end();
  });

  return router;
}

async function upload(request: Request, { owner }: Caller, store: FileStore) {
  const length = Number(request.get('content-length') ?? Number.NaN);
  const bytes = Number.isSafeInteger(length) ? length : undefined;
  try {
    // A request that is refused amid its body is still to be answered.
    const body = request.iterator({ destroyOnReturn: false });
    return await store.put({ owner, body, bytes, expected: expectedOf(request) });
  } catch (error) {
    await dropRest(request);
    if (request.complete || !request.destroyed || error instanceof GridError) throw error;
    throw new GridError('BODY_INCOMPLETE', 'the connection ended before the file was complete', {}, { cause: error });
  }
}

/** A client that still sends does not hear an answer. */
async function dropRest(request: Request): Promise<void> {
  request.resume();
  const isOver = endsWithin({ ms: REFUSED_MS }, (signal) => finished(request, { signal, writable: false }));
  if (!(await isOver.catch(() => true))) request.destroy();
}

/** Reads the announced digest (RFC 9530), as this product writes digests. @throws GridError REQUEST_INVALID */
function expectedOf(request: Request): string | undefined {
  const base64 = announcedDigest(request)?.slice('sha-256=:'.length, -1);
  return base64 && `sha256:${Buffer.from(base64, 'base64').toString('hex')}`;
}
