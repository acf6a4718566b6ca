/** A task of the runner on the configuration disc; see runner.sh. */
export type RunnerTask =
  | { readonly task: 'identity' }
  /** Runs the steps `first` to `last`, both included. */
  | { readonly task: 'run'; readonly first: number; readonly last: number }
  /** After the restart of the machine by a step: tells what is left to tell of it. */
  | { readonly task: 'restarted'; readonly step: number }
  | { readonly task: 'quiesce' }
  /** Follows `quiesce` when the memory is kept: reads into memory what every clone needs first. */
  | { readonly task: 'warm' };

/**
 * Mounts the disc, becomes the runner, and unmounts the disc whatever happens. A new disc may be refused once or twice,
 * because the drive first reports that its medium has changed.
 */
const BOOTSTRAP = `
disc=/run/vmgrid/disc
box=; [ -x /bin/busybox ] && box=/bin/busybox
[ -d $disc ] || mkdir -p $disc
[ ! -e $disc/runner.sh ] || umount -l $disc
tries=0
until error=$($box mount -t iso9660 -o ro,nosuid,nodev,mode=0500,dmode=0500 "$1" $disc 2>&1); do
  tries=$((tries + 1))
  [ $tries -lt 50 ] || { echo "$error"; exit 1; }
  $box sleep 0.05
done
trap "$box umount $disc 2> /dev/null || umount -l $disc" EXIT
shift
set -- $disc "$@"
. $disc/runner.sh`;

function wordsOf(task: RunnerTask, epochMs: number): string[] {
  switch (task.task) {
    case 'identity':
      return ['identity', (epochMs / 1_000).toFixed(3)];
    case 'run':
      return ['run', String(task.first), String(task.last)];
    case 'restarted':
      return ['restarted', String(task.step)];
    case 'quiesce':
    case 'warm':
      return [task.task];
  }
}

/**
 * Returns the command for `Guest.run` that does these tasks one after another. `epochMs`: the host's time now, because
 * a restored clone has the clock of its image.
 */
export const runnerCommand = (discDevice: string, tasks: readonly RunnerTask[], epochMs: number): readonly string[] => [
  '/bin/sh',
  '-c',
  BOOTSTRAP,
  'vmgrid',
  discDevice,
  ...tasks.flatMap((task) => wordsOf(task, epochMs)),
];

/** Returns the device and the tasks of a command that `runnerCommand` made; undefined for any other command. */
export function readRunnerCommand(
  command: readonly string[],
): { readonly discDevice: string; readonly tasks: readonly RunnerTask[] } | undefined {
  const [, , script, , discDevice, ...words] = command;
  if (script !== BOOTSTRAP || discDevice === undefined) return undefined;
  const tasks: RunnerTask[] = [];
  while (words.length > 0) tasks.push(nextTask(words));
  return { discDevice, tasks };
}

function nextTask(words: string[]): RunnerTask {
  switch (words.shift()) {
    case 'identity':
      words.shift(); // the time
      return { task: 'identity' };
    case 'run':
      return { task: 'run', first: Number(words.shift()), last: Number(words.shift()) };
    case 'restarted':
      return { task: 'restarted', step: Number(words.shift()) };
    case 'warm':
      return { task: 'warm' };
    default:
      return { task: 'quiesce' };
  }
}
