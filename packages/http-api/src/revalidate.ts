import { GridError } from '@vmgrid/protocol';

/** How often the credentials of a request that lasts are looked at again. */
const LOOKED_AT_MS = 15_000;

/** Shows credentials again. @throws GridError UNAUTHENTICATED once they hold no longer */
export type Revalidate = () => unknown;

/** That credentials hold no longer; too many requests at the moment, or keys that cannot be had, are no verdict. */
export async function refusalOf(revalidate: Revalidate): Promise<GridError | undefined> {
  try {
    await revalidate();
    return undefined;
  } catch (error) {
    const refusal = GridError.from(error);
    return refusal.code === 'UNAUTHENTICATED' ? refusal : undefined;
  }
}

/** Calls `end` once credentials hold no longer. Returns what ends the looking. */
export function watchCredentials(revalidate: Revalidate, end: () => void, everyMs = LOOKED_AT_MS): () => void {
  const looking = setInterval(async () => {
    if ((await refusalOf(revalidate)) === undefined) return;
    clearInterval(looking);
    end();
  }, everyMs);
  return () => clearInterval(looking);
}
