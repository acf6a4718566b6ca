/** Work done again and again, so many at a time. */
export interface RepeatOptions {
  /** How often at most; left out: until the time is up. */
  readonly most?: number;
  readonly inFlight: number;
  /** Left out: until it was done so often. */
  readonly forMs?: number;
}

export interface Repeated {
  readonly tookMs: readonly number[];
  /** How many failed, by the code of their error. */
  readonly failed: Readonly<Record<string, number>>;
  /** Without what was begun before the time was up and took longer, such as what was awarded to a plant that hangs. */
  readonly doneInTime: number;
  /** Until the last was done. */
  readonly elapsedMs: number;
}

export async function repeat(
  work: () => Promise<unknown>,
  { most = Number.POSITIVE_INFINITY, inFlight, forMs = Number.POSITIVE_INFINITY }: RepeatOptions,
): Promise<Repeated> {
  const began = performance.now();
  const isInTime = () => performance.now() - began < forMs;
  const tookMs: number[] = [];
  let [started, doneInTime] = [0, 0];
  const failed: Record<string, number> = {};
  const worker = async () => {
    while (started < most && isInTime()) {
      started++;
      const at = performance.now();
      await work().then(
        () => {
          tookMs.push(performance.now() - at);
          if (isInTime()) doneInTime++;
        },
        (error) => {
          failed[error.code] = (failed[error.code] ?? 0) + 1;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { tookMs, failed, doneInTime, elapsedMs: performance.now() - began };
}
