/**
 * How far the heap of a daemon may grow. V8 lets a heap whose limit is 2 GiB or more grow to four times what is alive
 * before it looks for garbage in earnest, below that to less than twice: so the limits are below, and leave room for
 * the largest that a daemon gets.
 */
import { Type } from 'typebox';

/** MiB by default. A shop with 5,000 plants has some 250 alive; what typed arrays hold is beside the heap. */
export const HEAP_MIB = { vmshop: 1_200, vmbroker: 1_200, vmplant: 1_024 } as const;

const FLAG = '--max-old-space-size';
const LIMIT = /^--max[-_](?:old[-_]space|heap)[-_]size(?:[-_]percentage)?(?:=|$)/;

/** Field of a daemon's configuration. */
export const heapMiBField = (mebibytes: number) =>
  Type.Integer({
    minimum: 128,
    maximum: 1_048_576,
    default: mebibytes,
    description: "How far the daemon's heap may grow. A limit that Node was started with takes precedence.",
  });

/** What Node is started with to have this limit. */
export const heapFlags = (heapMiB: number): readonly string[] => [`${FLAG}=${heapMiB}`];

/** Whether whoever started a Node has set a limit, which counts then: by a flag, or in `NODE_OPTIONS`. */
export const hasHeapLimit = (flags: readonly string[], nodeOptions = ''): boolean =>
  [...flags, ...nodeOptions.split(/\s+/)].some((flag) => LIMIT.test(flag));

/** The limit in MiB that flags set; undefined when they set none in these words. */
export function heapLimitOf(flags: readonly string[]): number | undefined {
  const set = flags.find((flag) => flag.startsWith(`${FLAG}=`));
  return set === undefined ? undefined : Number(set.slice(FLAG.length + 1));
}

/**
 * Has this program begin anew in its own process, with the limit, unless it was started with one: Node takes it at its
 * start alone. For its first moments, when nothing is open yet.
 */
export function limitHeap({ heapMiB }: { readonly heapMiB: number }): void {
  const { execPath, execArgv, argv, env } = process;
  if (hasHeapLimit(execArgv, env.NODE_OPTIONS)) return;
  process.execve!(execPath, [execPath, ...heapFlags(heapMiB), ...execArgv, ...argv.slice(1)], env);
}
