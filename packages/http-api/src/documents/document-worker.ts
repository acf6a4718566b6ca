/** The program of a worker: one document after the other, each answered with what it says or with its error. */
import { parentPort } from 'node:worker_threads';
import { GridError } from '@vmgrid/protocol';
import { decodeDocument, type IncomingDocument } from './decode-document.ts';

/** What a worker answers. */
export type DecodedDocument = { readonly value: unknown } | { readonly error: ReturnType<GridError['toBody']> };

const port = parentPort!;
port.on('message', (document: IncomingDocument) => port.postMessage(answerTo(document)));

function answerTo(document: IncomingDocument): DecodedDocument {
  try {
    return { value: decodeDocument(document) };
  } catch (thrown) {
    return { error: GridError.from(thrown).toBody() };
  }
}
