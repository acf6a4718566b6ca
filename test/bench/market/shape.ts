/** The shape of the grid that a row of the market bench measures. */
export interface GridShape {
  readonly plants: number;
  /** 0: the plants dial up to the shop. */
  readonly brokers: number;
  /** Whether the plants publish their offers. */
  readonly offers: 'standing' | 'asked';
  /** Parts that users have, and this grid has not. */
  readonly without: readonly Part[];
}

/**
 * `http`: an endpoint with tokens and audit; without it the shop is called in its own process. `owners`: 50, each with
 * a token; without them all is the operator's. `quotas`: limits on all that one can limit. `age`: stores as full as
 * they get.
 */
export const PARTS = ['http', 'owners', 'quotas', 'age'] as const;
export type Part = (typeof PARTS)[number];

const shape = (plants: number, brokers: number, more: Partial<GridShape> = {}): GridShape => ({
  ...{ plants, brokers, offers: 'standing', without: [] },
  ...more,
});

const SHAPES: readonly GridShape[] = [
  ...[10, 100, 1_000, 5_000].map((plants) => shape(plants, 0)),
  ...[10, 100, 1_000, 5_000].map((plants) => shape(plants, 2)),
  ...PARTS.map((part) => shape(1_000, 0, { without: [part] })),
  shape(1_000, 0, { without: PARTS }),
  ...[10, 100, 1_000].map((plants) => shape(plants, 0, { offers: 'asked' })),
];

/**
 * Returns the name that `BENCH_MARKET` uses: `1000/0/standing`, and `1000/0/standing-http-age` without two of the
 * parts.
 */
export const nameOf = ({ plants, brokers, offers, without }: GridShape): string =>
  [`${plants}/${brokers}/${offers}`, ...without].join('-');

/** All shapes, or those that `BENCH_MARKET` names, which may be others. @throws when it names something else */
export const chosenShapes = (wanted = process.env.BENCH_MARKET): readonly GridShape[] =>
  wanted === undefined ? SHAPES : wanted.split(',').map(shapeOf);

function shapeOf(name: string): GridShape {
  const [, plants, brokers, offers, rest = ''] = /^(\d+)\/(\d+)\/(standing|asked)((?:-[a-z]+)*)$/.exec(name) ?? [];
  const without = rest.split('-').slice(1);
  const parts = PARTS.filter((part) => without.includes(part));
  if (offers === undefined || parts.length < without.length) {
    throw new Error(`${name} is no row: PLANTS/BROKERS/standing or asked, then -PART of ${PARTS.join(', ')}`);
  }
  return { plants: Number(plants), brokers: Number(brokers), offers: offers as GridShape['offers'], without: parts };
}
