/** Errors and operations in XML. Reading gives plain JSON, not yet validated. */
import type { ErrorReply, OperationReply } from '../schema/replies.ts';
import type { XmlElement } from './element.ts';
import { jsonElement, member, members, readJson, textMember } from './fields.ts';
import { asBoolean, asNumber, asText, openElement } from './open-element.ts';
import { element, textElement } from './write.ts';

export function writeError({ code, retryable, message, remedy, details }: ErrorReply['error']): XmlElement {
  const texts = [textElement('message', message), textElement('remedy', remedy), jsonElement('details', details)];
  return element('error', { code, retryable }, texts);
}

export function readError(error: XmlElement, path: string): object {
  const open = openElement(error, path, {
    attributes: { code: asText, retryable: asBoolean },
    children: { message: 'one', remedy: 'one', details: 'one' },
  });
  const texts = { ...textMember(open, 'message'), ...textMember(open, 'remedy') };
  return { ...open.attributes, ...texts, ...member(open, 'details', readJson) };
}

/** The result is written as JSON text, because its shape depends on the verb. */
export function writeOperation({ verb, state, progress, result, error }: OperationReply): XmlElement {
  return element('operation', { verb, state }, [
    ...progress.map((event) => element('progress', event)),
    ...(result === undefined ? [] : [jsonElement('result', result)]),
    ...(error === undefined ? [] : [writeError(error)]),
  ]);
}

export function readOperation(operation: XmlElement, path: string): object {
  const open = openElement(operation, path, {
    attributes: { verb: asText, state: asText },
    children: { progress: 'many', result: 'one', error: 'one' },
  });
  return {
    ...open.attributes,
    progress: members(open, 'progress', readProgress),
    ...member(open, 'result', readJson),
    ...member(open, 'error', readError),
  };
}

function readProgress(progress: XmlElement, path: string): object {
  return openElement(progress, path, {
    attributes: {
      requestId: asText,
      owner: asText,
      at: asText,
      phase: asText,
      state: asText,
      subject: asText,
      elapsedMs: asNumber,
    },
  }).attributes;
}
