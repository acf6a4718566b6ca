import { expect, test } from '@jest/globals';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import { candidatePrefixes } from '../../src/tending/candidates.ts';
import { prefixOf } from '../../src/tending/prefix.ts';
import { suggestImages } from '../../src/tending/suggest.ts';
import { asked, inputOf } from './recorded-requests.ts';

/** Very many different requests of 50 actions each, the first 20 in common with neighbours. */
const requests = Array.from({ length: 2_000 }, (_, number) => {
  const team = number % 10;
  const names = Array.from({ length: 50 }, (_, at) =>
    at < 10
      ? `all${at}`
      : at < 25
        ? `team${team}-${at}`
        : at < 40
          ? `set${number % 7}-${at}`
          : `own${number % 150}-${at}`,
  );
  return asked(
    names.join(' '),
    names
      .slice(1)
      .map((name, at) => `${names[at]}>${name}`)
      .join(' '),
  );
});

test('the search stays within its limits, however different the requests are', () => {
  const input = inputOf(requests);
  expect(input.cases.length).toBe(100);
  const prefixes = input.cases.map(prefixOf);
  expect(toEnd(candidatePrefixes(prefixes, { candidates: 150, meets: 20_000 }))).toHaveLength(150);
  expect(toEnd(candidatePrefixes(prefixes, { candidates: 150, meets: 0 }))).toHaveLength(150);
  expect(toEnd(suggestImages(input, { count: 50 })).length).toBeGreaterThan(0);
});
