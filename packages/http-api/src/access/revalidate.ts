import { GridError } from '@vmgrid/protocol';

/** Milliseconds between two checks of the credentials of a long request. */
const LOOKED_AT_MS = 15_000;

/** Checks credentials again. @throws GridError UNAUTHENTICATED when they are no longer valid */
export type Revalidate = () => unknown;

/** Returns the refusal when credentials are no longer valid. A rate limit or unavailable keys are no refusal. */
export async function refusalOf(revalidate: Revalidate): Promise<GridError | undefined> {
  try {
    await revalidate();
    return undefined;
  } catch (error) {
    const refusal = GridError.from(error);
    return refusal.code === 'UNAUTHENTICATED' ? refusal : undefined;
  }
}

/** Calls `end` when credentials become invalid. Returns the function that stops the checks. */
export function watchCredentials(revalidate: Revalidate, end: () => void, everyMs = LOOKED_AT_MS): () => void {
  const looking = setInterval(async () => {
    if ((await refusalOf(revalidate)) === undefined) return;
    clearInterval(looking);
    end();
  }, everyMs);
  return () => clearInterval(looking);
}
