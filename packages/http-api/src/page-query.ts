import { PageQuery, validate } from '@vmgrid/protocol';
import type { Request } from 'express';
import { singleQuery } from './query.ts';

/** What lists take behind their path, beside what they are of. */
export const PAGE_QUERY = Object.keys(PageQuery.properties);

/** Which page of a list is asked for. @throws GridError REQUEST_INVALID */
export function pageQuery(request: Request): PageQuery {
  const [limit, cursor] = [singleQuery(request, 'limit'), singleQuery(request, 'cursor')];
  const query = {
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return validate(PageQuery, query, { subject: 'query' });
}
