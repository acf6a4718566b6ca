/** Gathers the recorded requests of plants, for replay with `vmgrid simulate --replay`. */
import { randomBytes } from 'node:crypto';
import {
  GridError,
  type ImageReply,
  pseudonymOf,
  type ReplayableImage,
  type ReplayableRequest,
  type RequestExport,
  type ShopClient,
} from '@vmgrid/protocol';

const PSEUDONYM_KEY_BYTES = 32;

/**
 * Returns the requests of these plants, or of all, and the existing images. The key of the pseudonyms is thrown away:
 * nobody, not even the holder of the export, can find out which action a digest stands for. @throws GridError of the
 * shop
 */
export async function exportRequests(client: ShopClient, plants?: readonly string[]): Promise<RequestExport> {
  const pseudonymKey = randomBytes(PSEUDONYM_KEY_BYTES).toString('hex');
  const plantIds = plants ?? (await everyPlant(client));
  const requests: ReplayableRequest[] = [];
  const silentPlants: string[] = [];
  for (const plantId of plantIds) {
    try {
      requests.push(...(await client.recordedRequests(plantId, pseudonymKey)));
    } catch (error) {
      if (!(error instanceof GridError) || !SILENT.has(error.code)) throw error;
      silentPlants.push(plantId);
    }
  }
  const { images } = await client.images();
  return {
    requests: fromTheFirst(requests),
    images: images.map((image) => replayableImage(image, pseudonymKey)),
    silentPlants,
  };
}

/** Includes absent plants: they are asked, and named when they do not come back. */
async function everyPlant(client: ShopClient): Promise<readonly string[]> {
  const { plants, silentPlants } = await client.plants();
  return [...plants.map(({ plantId }) => plantId), ...silentPlants];
}

const SILENT: ReadonlySet<string> = new Set(['PLANT_LOST', 'DEADLINE_EXCEEDED']);

function fromTheFirst(requests: readonly ReplayableRequest[]): ReplayableRequest[] {
  const sorted = requests.toSorted((a, b) => a.at - b.at);
  return sorted.map((request) => ({ ...request, at: request.at - sorted[0]!.at }));
}

function replayableImage({ imageId, machine, suspended, history }: ImageReply, pseudonymKey: string): ReplayableImage {
  const { os, memoryMiB, diskMiB } = machine;
  return {
    ...{ imageId: pseudonymOf(pseudonymKey, imageId), machine: { os, memoryMiB, diskMiB }, suspended },
    history: history.map(({ digest }) => ({ digest: pseudonymOf(pseudonymKey, digest) })),
  };
}
