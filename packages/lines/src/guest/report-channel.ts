import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { abortable, whenClosed } from '@vmgrid/daemon';
import { readLines } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import type { Restart } from '../production-line.ts';
import { MAX_LINE_CHARS, RunLines } from './run-lines.ts';

/**
 * Finds a port by its name: a virtio port has it in sysfs, a serial line on the kernel's command line. It starts no
 * process and needs nothing of the base image: any guest with an agent and a shell will do.
 */
const FIND_PORT = `
for p in /sys/class/virtio-ports/*; do
  { read -r n < "$p/name"; } 2> /dev/null && [ "$n" = org.vmgrid.report ] && port="/dev/\${p##*/}" && break
done
read -r words < /proc/cmdline
for word in $words; do
  case $word in org.vmgrid.report=*) port=\${word#*=} ;; esac
done
`;

/** Prints a new line first, because a run that was cut off may have ended in the middle of a line. */
const REPORT = `
exec 3> "$port"
token=$1; shift
echo "$$ $token" > /run/vmgrid.run
echo "
run $token" >&3
"$@" >&3 2>&3 3>&- < /dev/null
code=$?
true > /run/vmgrid.run
echo "ran $token $code" >&3
`;

const abandon = (token: string): string => `
end() {
  kill -STOP "$1"
  for child in $(cat "/proc/$1/task/$1/children"); do end "$child"; done
  kill -KILL "$1"
}
stale=${token}
if read -r run token < /run/vmgrid.run && [ "\${stale:-$token}" = "$token" ]; then
  true > /run/vmgrid.run
  end "$run"
fi 2> /dev/null
`;

/** A killed process releases the port a little later. */
const AWAIT_PORT = `
tries=0
until true 2> /dev/null > "$port" || [ $tries -ge 100 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
`;

/**
 * Runs `"$@"` with its output on the report port, between a first and a last line with the run's token. The command
 * does not inherit the port: a daemon that it leaves behind must not keep it open.
 */
export const REPORT_SCRIPT = `${FIND_PORT}${REPORT}`;

/** Does the same, but first ends a run that nobody reads any more, because only one process can open the port. */
export const TAKE_OVER_SCRIPT = `${FIND_PORT}${abandon('')}${AWAIT_PORT}${REPORT}`;

/** Returns the script that ends the run of this token, with everything it started, if it is in progress. */
export const abandonScript = (token: string): string => abandon(token);

/**
 * Returns the script that ends the report of the run with this process and token, if the process is gone and nothing
 * that it started holds the port: then nobody else ends it.
 */
export const endedScript = (pid: number, token: string): string => `${FIND_PORT}
[ -d /proc/${pid} ] || echo "
ran ${token} killed" > "$port"
`;

interface Run {
  readonly token: string;
  readonly lines: RunLines;
  hasStarted: boolean;
}

/** The host's end of the port on which a guest prints the output of a command, line by line. */
export class ReportChannel {
  readonly #socket: Socket;
  #run: Run | undefined;
  #restart = Promise.withResolvers<Restart>();
  readonly #closed = new AbortController();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    whenClosed(socket, () => {
      this.#closed.abort(new GridError('GUEST_LOST', 'the machine ended while a command ran in it'));
      this.#run?.lines.wake();
    });
    socket.on('data', (chunk: Buffer) => this.#run?.lines.countBytes(chunk.length));
    readLines(socket, MAX_LINE_CHARS, (line) => this.#receive(line));
  }

  /** Prepares for the lines of one run; lines of an abandoned one are dropped. Returns the run's token. */
  announce(): string {
    const token = randomBytes(12).toString('hex');
    this.#run = { token, lines: new RunLines(this.#socket), hasStarted: false };
    this.#restart = Promise.withResolvers();
    return token;
  }

  /**
   * Yields the lines of the announced run until it ends. Throws GUEST_LOST when the machine ends first, GUEST_RESTARTED
   * when it restarts, GUEST_UNREACHABLE when the run prints more than it may.
   */
  async *lines(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const run = this.#run!;
    try {
      yield* run.lines.read(signal, this.#closed.signal);
    } finally {
      // From now on all input belongs to no run and is dropped.
      if (this.#run === run) {
        this.#run = undefined;
        run.lines.drop();
      }
    }
  }

  /** Call it when the machine was reset: its processes are gone. */
  guestRestarted(how: Restart): void {
    this.#restart.resolve(how);
    this.#run?.lines.cut();
  }

  /** Resolves once that was told since the last run was announced. @throws GUEST_LOST; the signal's reason */
  restarted(signal: AbortSignal): Promise<Restart> {
    return abortable(this.#restart.promise, AbortSignal.any([signal, this.#closed.signal]));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(line: string): void {
    const run = this.#run;
    if (!run?.lines.countLine()) return;
    if (!run.hasStarted) run.hasStarted = line.trimEnd() === `run ${run.token}`;
    else if (line.startsWith(`ran ${run.token} `)) run.lines.end();
    else run.lines.push(line);
  }
}
