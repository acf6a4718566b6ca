/** Makes requests over HTTP, as clients that keep their connections. */
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { simulatedRequestOf } from '../age/simulated-request.ts';
import { requestOf } from '../market/warehouse.ts';
import { type LoadOrder, type ShopWork, serveLoad } from './serve-load.ts';

export interface HttpLoadOrder {
  readonly url: string;
  /** Tokens of the owners, who take turns. */
  readonly tokens: readonly string[];
  /** Plants that are asked: without machines, or real ones with the simulated line. */
  readonly machines: 'none' | 'simulated';
}

const agent = new Agent({ keepAlive: true });
let serve: ((order: LoadOrder) => Promise<unknown>) | undefined;

process.on('message', (order: HttpLoadOrder | LoadOrder) => {
  if ('url' in order) {
    serve = serveLoad(shopAt(order));
    process.send!('ready');
  } else void serve!(order).then((repeated) => process.send!(repeated));
});
process.on('disconnect', () => process.exit());

function shopAt({ url, tokens, machines }: HttpLoadOrder): ShopWork {
  const documentOf = machines === 'none' ? requestOf : simulatedRequestOf;
  const send = (number: number, [method, path]: readonly [string, string], document?: object) =>
    exchange(url + path, { method, token: tokens[number % tokens.length]!, document });
  const create = (number: number) => send(number, ['POST', '/v1/vms'], documentOf(number));
  return {
    create,
    estimate: (number) => send(number, ['POST', '/v1/estimates'], documentOf(number)),
    async createAndDestroy(number) {
      const { headers } = await create(number);
      await send(number, ['DELETE', headers.location!]);
    },
  };
}

interface Exchange {
  readonly method: string;
  readonly token: string;
  readonly document: object | undefined;
}

/** The reply, read to its end. @throws an error with the code that the shop answered */
async function exchange(url: string, { method, token, document }: Exchange): Promise<IncomingMessage> {
  const body = document && JSON.stringify(document);
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request(url, { method, headers, agent }, resolve).on('error', reject).end(body);
  const response = await promise;
  const replied = await text(response);
  if (response.statusCode! >= 400) throw JSON.parse(replied).error;
  return response;
}
