/**
 * Limits the heap of a daemon. With a limit of 2 GiB or more, V8 lets the heap grow to four times its live size before
 * a full garbage collection; with a lower limit, to less than twice. So the limits are lower, and leave room for the
 * largest heap that a daemon needs.
 */
import { Type } from 'typebox';

/** MiB by default. A shop with 5,000 plants has some 250 MiB of live objects; typed arrays lie outside the heap. */
export const HEAP_MIB = { vmshop: 1_200, vmbroker: 1_200, vmplant: 1_024 } as const;

const FLAG = '--max-old-space-size';
/**
 * MiB that new objects may fill before they are collected; V8 reserves up to three times as much, and uses it only
 * while much survives. With V8's own 16, most of what an auction makes is copied into the old space, and is garbage
 * there.
 */
const YOUNG = { share: 1 / 16, mostMiB: 64 };
const LIMIT = /^--max[-_](?:old[-_]space|heap)[-_]size(?:[-_]percentage)?(?:=|$)/;

/** The field of a daemon's configuration. */
export const heapMiBField = (mebibytes: number) =>
  Type.Integer({
    minimum: 128,
    maximum: 1_048_576,
    default: mebibytes,
    description: "How far the daemon's heap may grow. A limit that Node was started with takes precedence.",
  });

/** Returns the flags that start Node with this limit. */
export const heapFlags = (heapMiB: number): readonly string[] => [
  `${FLAG}=${heapMiB}`,
  `--max-semi-space-size=${Math.min(YOUNG.mostMiB, Math.ceil(heapMiB * YOUNG.share))}`,
];

/** Whether Node was started with a limit, by a flag or in `NODE_OPTIONS`. That limit wins. */
export const hasHeapLimit = (flags: readonly string[], nodeOptions = ''): boolean =>
  [...flags, ...nodeOptions.split(/\s+/)].some((flag) => LIMIT.test(flag));

/** Returns the limit in MiB that flags set; undefined when they set none in this form. */
export function heapLimitOf(flags: readonly string[]): number | undefined {
  const set = flags.find((flag) => flag.startsWith(`${FLAG}=`));
  return set === undefined ? undefined : Number(set.slice(FLAG.length + 1));
}

/**
 * Restarts this program in its own process with the limit, unless it was started with one, because Node reads the limit
 * only at its start. Call it first, before anything is open.
 */
export function limitHeap({ heapMiB }: { readonly heapMiB: number }): void {
  const { execPath, execArgv, argv, env } = process;
  if (hasHeapLimit(execArgv, env.NODE_OPTIONS)) return;
  process.execve!(execPath, [execPath, ...heapFlags(heapMiB), ...execArgv, ...argv.slice(1)], env);
}
