/** Documents that cost whoever reads them far more than they cost to write, as large as endpoints take them. */
import { REQUEST_LIMITS } from '@vmgrid/protocol';
import { requestOf } from '../market/warehouse.ts';

export interface HeavyDocument {
  readonly name: string;
  readonly path: '/v1/estimates' | '/v1/request';
  readonly type: 'application/json' | 'application/xml';
  readonly text: string;
}

const MUCH = REQUEST_LIMITS.bodyBytes - 4_096;
/** The piece, so often that the document is as long as one may be. */
const filled = (piece: string): string => piece.repeat(Math.floor(MUCH / piece.length));
const numbered = (count: number, piece: (index: number) => string, between: string): string =>
  Array.from({ length: count }, (_, index) => piece(index)).join(between);

const xml = (name: string, inside: string): HeavyDocument => ({
  ...{ name, path: '/v1/request', type: 'application/xml' },
  text: `<vmgrid version="1">${inside}</vmgrid>`,
});
const json = (name: string, text: string): HeavyDocument => ({
  ...{ name, path: '/v1/estimates', type: 'application/json', text },
});
const estimate = (name: string, more: object): HeavyDocument =>
  json(name, JSON.stringify({ ...requestOf(0), ...more }));

const { machine } = requestOf(0);
const actions = (count: number, script: string) =>
  Array.from({ length: count }, (_, index) => ({ id: `a${index}`, kind: 'script', script: script + index }));
/** List functions and patterns inside each other. */
const COSTLY = `size(split(${'replaceAll("a", '.repeat(6)}"${'a'.repeat(60)}"${`, "${'a'.repeat(60)}")`.repeat(6)})) > 1`;

export const heavyDocuments = (): readonly HeavyDocument[] => [
  xml('800,000 attributes', `<list ${numbered(800_000, (index) => `a${index}=""`, ' ')}/>`.slice(0, MUCH)),
  xml('as many attributes as may be', `<list ${numbered(49_000, (index) => `a${index}=""`, ' ')}/>`),
  xml('2 million elements', filled('<a/>')),
  xml('as many elements as may be', `<list>${'<constraint/>'.repeat(49_000)}</list>`),
  xml('elements inside each other', filled('<a>')),
  xml('comments', filled('<!---->')),
  xml('references', `<list><constraint>${filled('&amp;')}</constraint></list>`),
  xml('white space', `${filled(' ')}<list/>`),
  xml('one attribute', `<list a="${filled('x')}"/>`),
  json('4 million brackets', filled('[').slice(0, 4_000_000)),
  json('a million keys', `{${numbered(1_000_000, (index) => `"${index.toString(36)}":`, '0,')}0}`.slice(0, MUCH)),
  json('as many values as may be', `{"dag":{"actions":[${'{},'.repeat(49_000)}{}]}}`),
  json('small, and all of it wrong', `{"dag":{"actions":[${'{},'.repeat(5_000)}{}]}}`),
  json('one text', `"${filled('x')}"`),
  json('escapes', `"${filled('\\"')}"`),
  estimate('long scripts', { machine, dag: { actions: actions(7, 'x'.repeat(1_000_000)) } }),
  estimate('long files', {
    dag: {
      actions: Array.from({ length: 7 }, (_, index) => ({
        ...{ id: `a${index}`, kind: 'file', path: `/file-${index}` },
        ...{ content: 'abcd'.repeat(250_000), encoding: 'base64' },
      })),
    },
  }),
  estimate('as many actions and edges as may be', {
    dag: {
      actions: actions(1_000, 'true #'),
      edges: Array.from({ length: 10_000 }, (_, at) => ({ from: `a${at % 990}`, to: `a${(at % 990) + 1 + (at % 9)}` })),
    },
  }),
  estimate('costly requirements', { requirements: COSTLY }),
  estimate('costly rank', { rank: COSTLY }),
  estimate('requirements of 500 conditions', {
    requirements: Array.from({ length: 300 }, (_, at) => `TARGET.FreeMemoryMiB > ${at}e7`).join(' && '),
  }),
];
