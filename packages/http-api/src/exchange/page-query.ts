import { PageQuery, validate } from '@vmgrid/protocol';
import type { Request } from 'express';
import { numberQuery, singleQuery } from './query.ts';

/** Query parameters of lists, besides those of the particular list. */
export const PAGE_QUERY = Object.keys(PageQuery.properties);

/** Returns the requested page of a list. @throws GridError REQUEST_INVALID */
export function pageQuery(request: Request): PageQuery {
  const [limit, cursor] = [numberQuery(request, 'limit'), singleQuery(request, 'cursor')];
  const query = {
    ...(limit === undefined ? {} : { limit }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return validate(PageQuery, query, { subject: 'query' });
}
