/** What the runner on the config disc is to do; see runner.sh. */
export type RunnerTask =
  | { readonly task: 'identity' }
  /** Runs the steps numbered `first` to `last`, both included. */
  | { readonly task: 'run'; readonly first: number; readonly last: number }
  | { readonly task: 'quiesce' };

/** Mounts the disc, as its only user, and becomes the runner. The disc is let go when the runner ends. */
const BOOTSTRAP = `
disc=/run/vmgrid/disc
mkdir -p $disc
umount -l $disc 2> /dev/null
mount -t iso9660 -o ro,nosuid,nodev,mode=0500,dmode=0500 "$1" $disc || exit
shift
/bin/sh $disc/runner.sh $disc "$@"
code=$?
umount -l $disc
exit $code`;

function wordsOf(task: RunnerTask, epochMs: number): string[] {
  switch (task.task) {
    case 'identity':
      return ['identity', (epochMs / 1_000).toFixed(3)];
    case 'run':
      return ['run', String(task.first), String(task.last)];
    case 'quiesce':
      return ['quiesce'];
  }
}

/**
 * The command for `Guest.run` that does these tasks one after the other. `epochMs` is the host's time at which it is
 * sent: a clone wakes with the clock of its image.
 */
export const runnerCommand = (discDevice: string, tasks: readonly RunnerTask[], epochMs: number): readonly string[] => [
  '/bin/sh',
  '-c',
  BOOTSTRAP,
  'vmgrid',
  discDevice,
  ...tasks.flatMap((task) => wordsOf(task, epochMs)),
];
