/** Programs that read or change the guest. */
import { randomBytes } from 'node:crypto';
import { systemClock } from '@vmgrid/daemon';
import type { Command } from './command.ts';

/** The parts of the guest that these programs use. In texts each character is one byte. */
export interface CommandGuest {
  readonly hostName: string;
  readonly cpus: number;
  /** Size of the root file system. */
  readonly diskMiB: number;
  read(path: string): string | undefined;
  write(path: string, content: string): void;
  remove(path: string): void;
  /** Returns the names in a folder; undefined when it does not exist. */
  list(folder: string): readonly string[] | undefined;
  /** Ends the machine from inside. */
  powerOff(): void;
  /** Starts the guest anew, which ends what runs in it. */
  restart(): void;
}

const BLOCK_BYTES = 512;

export function guestCommands(guest: CommandGuest): Readonly<Record<string, Command>> {
  return {
    cat: ({ args, input, out, err }) => {
      if (args.length === 0) out(input);
      return each(args, (path) => {
        const content = guest.read(path);
        if (content === undefined) err(`cat: ${path}: No such file or directory\n`);
        else out(content);
        return content !== undefined;
      });
    },
    ls: ({ args, out, err }) =>
      each(pathsIn(args, '/'), (path) => {
        const names = guest.list(path) ?? (guest.read(path) === undefined ? undefined : [path]);
        if (names) out(names.map((name) => `${name}\n`).join(''));
        else err(`ls: cannot access '${path}': No such file or directory\n`);
        return names !== undefined;
      }),
    rm: ({ args }) => {
      for (const path of pathsIn(args)) guest.remove(path);
      return 0;
    },
    touch: ({ args }) => {
      for (const path of pathsIn(args)) guest.write(path, guest.read(path) ?? '');
      return 0;
    },
    test: ({ args }) => testOf(args, guest),
    '[': ({ args }) => testOf(args.slice(0, -1), guest),
    sleep: async ({ args, signal }) => {
      await systemClock.sleep(Math.max(0, Number(args[0]) || 0) * 1_000, signal);
      return 0;
    },
    hostname: ({ out }) => print(out, guest.hostName),
    nproc: ({ out }) => print(out, String(guest.cpus)),
    date: ({ args, out }) =>
      print(out, args[0] === '+%s' ? String(Math.floor(systemClock.now() / 1_000)) : new Date().toUTCString()),
    df: ({ out }) => {
      const kib = guest.diskMiB * 1_024;
      return print(out, `Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/vda ${kib} 0 ${kib} 0% /`);
    },
    /** Prints random bytes, whatever it is asked to show. */
    od: ({ args, out }) => {
      const bytes = Number(/-N(\d+)/.exec(args.join(' '))?.[1] ?? 16);
      const hex = randomBytes(Math.min(bytes, 4_096)).toString('hex');
      return print(out, ` ${hex.match(/../g)?.join(' ') ?? ''}`);
    },
    dd: ({ args, out, err }) => {
      const operands = Object.fromEntries(args.map((one) => one.split('=') as [string, string]));
      const content = guest.read(operands.if ?? '');
      if (content === undefined) {
        err(`dd: failed to open '${operands.if}': No medium found\n`);
        return 1;
      }
      const size = Number(operands.bs ?? BLOCK_BYTES);
      const from = Number(operands.skip ?? 0) * size;
      const taken = content.slice(
        from,
        operands.count === undefined ? undefined : from + Number(operands.count) * size,
      );
      if (operands.of === undefined) out(taken);
      else guest.write(operands.of, taken);
      return 0;
    },
    poweroff: () => {
      guest.powerOff();
      return 0;
    },
    reboot: () => {
      guest.restart();
      return 0;
    },
  };
}

function print(out: (text: string) => void, line: string): 0 {
  out(`${line}\n`);
  return 0;
}

const pathsIn = (args: readonly string[], otherwise?: string): readonly string[] => {
  const paths = args.filter((one) => !one.startsWith('-'));
  return paths.length === 0 && otherwise !== undefined ? [otherwise] : paths;
};

/** Returns 0 when the work succeeded for every path. */
function each(paths: readonly string[], does: (path: string) => boolean): number {
  return paths.map(does).every(Boolean) ? 0 : 1;
}

/** `test` with one operator. */
function testOf([first = '', second = '', third]: readonly string[], guest: CommandGuest): number {
  const holds = third === undefined ? unaryHolds(first, second, guest) : (first === third) === (second !== '!=');
  return holds ? 0 : 1;
}

function unaryHolds(operator: string, operand: string, guest: CommandGuest): boolean {
  switch (operator) {
    case '-e':
    case '-f':
      return guest.read(operand) !== undefined;
    case '-s':
      return Boolean(guest.read(operand));
    case '-d':
      return guest.list(operand) !== undefined;
    case '-z':
      return operand === '';
    case '-n':
      return operand !== '';
    default:
      return operator !== '';
  }
}
