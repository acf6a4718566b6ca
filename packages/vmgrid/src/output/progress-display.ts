/** Shows the progress of long work: a spinner on a terminal, plain lines elsewhere, nothing under `--json`. */
import type { ProgressEvent } from '@vmgrid/protocol';
import yoctoSpinner from 'yocto-spinner';
import { errColours } from './colours.ts';
import { duration } from './output.ts';

export interface ProgressDisplay {
  show(event: Pick<ProgressEvent, 'phase' | 'state' | 'subject' | 'elapsedMs'>): void;
  end(): void;
}

export function createProgressDisplay(json: boolean, stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  if (json) return { show: () => undefined, end: () => undefined };
  return stream.isTTY ? spinning(stream) : plain(stream);
}

const label = ({ phase, subject }: Pick<ProgressEvent, 'phase' | 'subject'>) =>
  subject === undefined ? phase : `${phase} ${subject}`;

function plain(stream: NodeJS.WritableStream): ProgressDisplay {
  return {
    show(event) {
      if (event.state !== 'started') stream.write(`  ${finished(event)}\n`);
    },
    end: () => undefined,
  };
}

function spinning(stream: NodeJS.WriteStream): ProgressDisplay {
  const spinner = yoctoSpinner({ stream });
  return {
    show(event) {
      if (event.state === 'started') return leavingInterrupts(() => void spinner.start(label(event)));
      spinner.stop();
      stream.write(`  ${finished(event)}\n`);
    },
    end: () => void spinner.stop(),
  };
}

/** Where the command listens to Ctrl-C itself, the spinner is not to end the program. */
function leavingInterrupts(start: () => void): void {
  const before = process.listeners('SIGINT');
  start();
  if (before.length === 0) return;
  for (const listener of process.listeners('SIGINT')) if (!before.includes(listener)) process.off('SIGINT', listener);
}

function finished(event: Pick<ProgressEvent, 'phase' | 'state' | 'subject' | 'elapsedMs'>): string {
  const mark = event.state === 'done' ? errColours.green('✓') : errColours.red('✗');
  const time = event.elapsedMs === undefined ? '' : errColours.dim(` ${duration(event.elapsedMs)}`);
  return `${mark} ${label(event)}${time}`;
}
