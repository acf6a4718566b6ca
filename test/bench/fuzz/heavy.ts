/** How long a shop with plants stands still under each heavy document. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { joinTokenFile, readTokenFile } from '@vmgrid/access';
import { LINK_PATH } from '@vmgrid/protocol';
import { makeTokens } from '../load/owners.ts';
import { Child } from '../market/child.ts';
import type { PlantsOrder } from '../market/plants-process.ts';
import { requestOf } from '../market/warehouse.ts';
import { type HeavyDocument, heavyDocuments } from './heavy-documents.ts';
import type { HeavyShopOrder, Standstill } from './heavy-shop-process.ts';

export interface HeavyResult extends Standstill {
  readonly name: string;
  /** Status of the answer. */
  readonly status: number;
}

/** Half of them publish their offers, half are asked. */
const PLANTS = 100;
/** So that the code that runs is the compiled one. */
const WARM_UP = 200;

export async function measureHeavy(say: (text: string) => void): Promise<readonly HeavyResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vmgrid-heavy-'));
  const [shop, plants] = [new Child('../fuzz/heavy-shop-process.ts'), new Child('plants-process.ts')];
  try {
    const accessDirectory = join(folder, 'access');
    const [token] = makeTokens(accessDirectory, []);
    const config = { httpPort: 0, xmlPort: 0, requestsPerMinute: 1e9, accessDirectory };
    const { httpPort } = await shop.ask<{ httpPort: number }>({ config } satisfies HeavyShopOrder);
    const address = `127.0.0.1:${httpPort}`;
    const joinToken = readTokenFile(joinTokenFile(accessDirectory))!;
    await plants.ask(plantsOf(`ws://${address}${LINK_PATH}`, joinToken));
    const send = async ({ path, type, text }: Omit<HeavyDocument, 'name'>): Promise<number> => {
      const headers = { 'content-type': type, authorization: `Bearer ${token}` };
      const answer = await fetch(`http://${address}${path}`, { method: 'POST', headers, body: text });
      await answer.arrayBuffer();
      return answer.status;
    };
    for (let number = 0; number < WARM_UP; number += 1) {
      await send({ path: '/v1/estimates', type: 'application/json', text: JSON.stringify(requestOf(number)) });
      await send({ path: '/v1/request', type: 'application/xml', text: '<vmgrid version="1"><list/></vmgrid>' });
    }
    const results: HeavyResult[] = [];
    for (const { name, ...document } of heavyDocuments()) {
      say(`${name}: ${document.text.length} characters`);
      await standstill(shop);
      const status = await send(document);
      results.push({ name, status, ...(await standstill(shop)) });
    }
    return results;
  } finally {
    await Promise.all([shop.end(), plants.end()]);
    await rm(folder, { recursive: true });
  }
}

const standstill = (shop: Child): Promise<Standstill> => shop.ask<Standstill>('standstill');

const plantsOf = (url: string, joinToken: string): PlantsOrder => ({
  plants: Array.from({ length: PLANTS }, (_, number) => ({
    ...{ plantId: `plant-${number}`, url, joinToken, destroyedVms: 32, actions: 0 },
    ...{ publishes: number % 2 === 0, slowMs: 0, vmLifeMs: 100 },
  })),
});
