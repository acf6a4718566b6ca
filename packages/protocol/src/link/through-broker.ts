/**
 * Plants behind a broker, as the broker's caller sees them. Every answer is checked as if the plant had dialled up
 * directly.
 */
import { GridError } from '../errors/grid-error.ts';
import { follows, validate } from '../schema/validation/validator.ts';
import type { Gathered, PlantApi, PlantBelow, PlantMethod, QuestionToAll } from './bidder.ts';
import { answerWithin } from './calls/answer-within.ts';
import type { Bidder, CallOptions } from './link.ts';
import { METHOD_SCHEMAS } from './method-schemas.ts';

/** Returns the plant as a bidder whose calls the broker passes on. */
export function bidderThrough(broker: Bidder, { plantId, version }: PlantBelow): Bidder {
  return {
    plantId,
    hello: { plantId, version, ad: {} },
    async call(method, request, options) {
      const { deadlineMs, path = [] } = options;
      const call = { plantId, method: method as PlantMethod, request, deadlineMs: answerWithin(deadlineMs), path };
      const reply = await broker.call('relay', call, options);
      const subject = `answer of ${plantId} to ${method}, through ${broker.plantId}`;
      return validate(METHOD_SCHEMAS[method].reply, reply, { code: 'LINK_PROTOCOL', subject }) as never;
    },
  };
}

/** Asks all plants below a broker. A plant whose answer does not match its schema has failed. */
export async function gatherThrough<M extends PlantMethod>(
  broker: Bidder,
  {
    method,
    request,
    until,
  }: Pick<QuestionToAll, 'until'> & { readonly method: M; readonly request: Parameters<PlantApi[M]>[0] },
  options: CallOptions,
): Promise<Gathered<ReturnType<PlantApi[M]>>> {
  const { deadlineMs, path = [] } = options;
  const question = { method, request, until, deadlineMs: answerWithin(deadlineMs), path };
  const gathered = await broker.call('gather', question, options);
  const [good, bad] = partition(gathered.answers, ({ value }) => follows(METHOD_SCHEMAS[method].reply, value));
  return {
    answers: good as Gathered<ReturnType<PlantApi[M]>>['answers'],
    failures: [...gathered.failures, ...bad.map(({ plantId }) => malformed(plantId, method))],
  };
}

function malformed(plantId: string, method: PlantMethod): Gathered<never>['failures'][number] {
  const { code, message } = new GridError(
    'LINK_PROTOCOL',
    `the answer of ${plantId} to ${method} does not follow its schema`,
  );
  return { plantId, code, message };
}

function partition<T>(items: readonly T[], holds: (item: T) => boolean): readonly [T[], T[]] {
  const { true: yes = [], false: no = [] } = Object.groupBy(items, (item) => String(holds(item)) as 'true' | 'false');
  return [yes, no];
}
