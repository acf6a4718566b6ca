/** Asks every plant the same question, directly or through brokers. */
import { setImmediate } from 'node:timers/promises';
import { GridError } from '../../errors/grid-error.ts';
import type { Gathered, PlantApi, PlantMethod, QuestionToAll } from '../bidder.ts';
import type { Bidder, CallOptions } from '../link.ts';
import { gatherThrough } from '../through-broker.ts';
import { areLarge, shared } from './shared-params.ts';

type Value<M extends PlantMethod> = ReturnType<PlantApi[M]>;
type Question<M extends PlantMethod> = Parameters<PlantApi[M]>[0];

export interface Asked<M extends PlantMethod> {
  readonly method: M;
  readonly request: Question<M>;
}

/**
 * Asks all at once. A plant that is reached in several ways has answered when one of its answers arrived. A broker that
 * fails is listed among the failures in place of all its plants.
 * @throws the reason with which the signal of the options aborts
 */
export async function askAll<M extends PlantMethod>(
  bidders: readonly Bidder[],
  { method, request }: Asked<M>,
  options: CallOptions,
): Promise<Gathered<Value<M>>> {
  const asked = await askEach(bidders, { method, request, until: 'all' }, options);
  const parts = await Promise.all(asked);
  options.signal?.throwIfAborted();
  return merge(parts);
}

/** Asks all at once, until one answers. Returns the first answer, or every failure. @throws as `askAll` */
export async function askUntilFirst<M extends PlantMethod>(
  bidders: readonly Bidder[],
  { method, request }: Asked<M>,
  options: CallOptions,
): Promise<Gathered<Value<M>>> {
  const asked = await askEach(bidders, { method, request, until: 'first' }, options);
  const first = Promise.any(asked.map(async (gathering) => requireAnswer(await gathering)));
  const gathered = await first.catch(async () => merge(await Promise.all(asked)));
  options.signal?.throwIfAborted();
  return gathered;
}

/** Returns the names of those that failed. */
export const namesOf = (failures: Gathered<unknown>['failures']): string[] => failures.map(({ plantId }) => plantId);

type ToAll<M extends PlantMethod> = Pick<QuestionToAll, 'until'> & Asked<M>;

/** Other work has its turn before each call of a large question. */
async function askEach<M extends PlantMethod>(
  bidders: readonly Bidder[],
  { request: given, ...question }: ToAll<M>,
  options: CallOptions,
): Promise<readonly Promise<Gathered<Value<M>>>[]> {
  const { path = [] } = options;
  const request = shared(given);
  const asked: Promise<Gathered<Value<M>>>[] = [];
  for (const bidder of bidders.filter(({ plantId }) => !path.includes(plantId))) {
    if (areLarge(request)) await setImmediate();
    asked.push(ask(bidder, { ...question, request } as ToAll<M>, options));
  }
  return asked;
}

/** Never rejects. */
async function ask<M extends PlantMethod>(
  bidder: Bidder,
  question: ToAll<M>,
  options: CallOptions,
): Promise<Gathered<Value<M>>> {
  const { plantId, hello } = bidder;
  try {
    if (hello.role === 'broker') return await gatherThrough(bidder, question, options);
    const value = await bidder.call(question.method, question.request, options);
    return { answers: [{ plantId, value: value as Value<M> }], failures: [] };
  } catch (thrown) {
    const { code, message } = GridError.from(thrown);
    return { answers: [], failures: [{ plantId, code, message }] };
  }
}

function requireAnswer<T>(gathered: Gathered<T>): Gathered<T> {
  if (gathered.answers.length === 0) throw new Error('no plant answered over this link');
  return gathered;
}

function merge<T>(parts: readonly Gathered<T>[]): Gathered<T> {
  const answers = firstOfEach(parts.flatMap((part) => part.answers));
  const answered = new Set(answers.map(({ plantId }) => plantId));
  const failures = parts.flatMap((part) => part.failures).filter(({ plantId }) => !answered.has(plantId));
  return { answers, failures: firstOfEach(failures) };
}

function firstOfEach<T extends { readonly plantId: string }>(items: readonly T[]): T[] {
  const seen = new Set<string>();
  return items.filter(({ plantId }) => !seen.has(plantId) && seen.add(plantId));
}
