import { GridError } from '../errors/grid-error.ts';
import { type CreateDocument, CreateRequest } from '../schema/requests.ts';
import { type ValidateOptions, validate } from '../schema/validation/validator.ts';
import { translateTemplate } from './template/translate-template.ts';

/**
 * Replaces the template of a request by `requirements` and `rank`, so that the request is the same in either form.
 * Throws GridError EXPRESSION_INVALID; REQUEST_INVALID when it has expressions besides the template, or when a
 * translation is too long.
 */
export function withoutTemplate(
  document: CreateDocument,
  options: ValidateOptions & { readonly subject: string },
): CreateRequest {
  const { template, ...request } = document;
  if (template === undefined) return document;
  for (const path of ['requirements', 'rank'] as const) {
    if (request[path] === undefined) continue;
    const message = `${path} stands beside a template; give either the template or requirements and rank`;
    throw new GridError('REQUEST_INVALID', `${options.subject}: ${message}`, { problems: [{ path, message }] });
  }
  return validate(CreateRequest, { ...request, ...translateTemplate(template) }, options);
}
