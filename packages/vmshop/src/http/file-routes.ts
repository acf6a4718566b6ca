/** `/v1/files`: files that actions name by their digest. Each owner has its own. */
import { finished } from 'node:stream/promises';
import { endsWithin } from '@vmgrid/daemon';
import { callerOf, guard, PAGE_QUERY, pageQuery, sendJson } from '@vmgrid/http-api';
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
    if (request.is(FILE_TYPE) === false) {
      throw new GridError('MEDIA_TYPE_UNSUPPORTED', `this address takes ${FILE_TYPE} only`);
    }
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

/** Reads the header `Repr-Digest` (RFC 9530) as a digest of this product. @throws GridError REQUEST_INVALID */
function expectedOf(request: Request): string | undefined {
  const text = request.get('repr-digest');
  if (text === undefined) return undefined;
  const base64 = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(text)?.[1];
  if (base64 !== undefined) return `sha256:${Buffer.from(base64, 'base64').toString('hex')}`;
  throw new GridError('REQUEST_INVALID', 'Repr-Digest must be sha-256=:…: with 32 bytes in base64', {});
}
