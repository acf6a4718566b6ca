/** Reads request documents from files or standard input. The first character tells XML from JSON. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { completeBody, decodeRequest, GridError, parseJsonDocument, type Request, type Verb } from '@vmgrid/protocol';

type BodyOf<V extends Verb> = Extract<Request, { readonly verb: V }>['body'];

/** Reads the body of a request of one verb. `-` reads standard input. */
export async function readDocument<V extends Verb>(
  file: string,
  verb: V,
  fixed: Readonly<Record<string, unknown>> = {},
): Promise<BodyOf<V>> {
  const document = await readBytes(file);
  const isXml = document
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .startsWith('<');
  const body = isXml ? await xmlBody(document, verb, fixed) : completeBody(parseJsonDocument(document), fixed);
  return decodeRequest(verb, body).body as BodyOf<V>;
}

/** A create document also serves for an estimate, and the other way round. */
async function xmlBody(document: Buffer, verb: Verb, fixed: Readonly<Record<string, unknown>>): Promise<object> {
  const { decodeXmlRequest } = await import('@vmgrid/protocol/xml'); // takes longer to load than most commands to run
  const machineVerbs = ['create', 'estimate'];
  return decodeXmlRequest(document, (actual, body) => {
    const serves = actual === verb || (machineVerbs.includes(actual) && machineVerbs.includes(verb));
    if (serves) return completeBody(body, fixed);
    throw new GridError('REQUEST_INVALID', `the document holds <${actual}>, not <${verb}>`);
  }).body;
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file);
  } catch (cause) {
    const { message } = cause as Error;
    throw new GridError('REQUEST_MALFORMED', `the document could not be read: ${message}`, { file }, { cause });
  }
}
