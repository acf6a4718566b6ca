/** The program of a worker: answers each document, one after another, with its content or an error. */
import { parentPort } from 'node:worker_threads';
import { GridError } from '@vmgrid/protocol';
import { decodeDocument, type IncomingDocument } from './decode-document.ts';

/** A worker's answer. */
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
