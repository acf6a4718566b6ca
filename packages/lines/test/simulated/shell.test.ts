/** The small shell of guests on paper. */

import { expect, test } from '@jest/globals';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import fc from 'fast-check';
import type { Command } from '../../src/simulated/shell/command.ts';
import { type CommandGuest, guestCommands } from '../../src/simulated/shell/guest-commands.ts';
import { parseScript } from '../../src/simulated/shell/parse.ts';
import { MAX_COMMANDS, Shell } from '../../src/simulated/shell/shell.ts';
import { textCommands } from '../../src/simulated/shell/text-commands.ts';

interface Outcome {
  readonly printed: string;
  readonly status: number;
  readonly files: Readonly<Record<string, string>>;
}

async function run(text: string, { files = {}, exitOnError = false } = {}): Promise<Outcome> {
  const kept = new Map<string, string>(Object.entries(files));
  const guest: CommandGuest = {
    ...{ hostName: 'paper', cpus: 2, diskMiB: 100 },
    read: (path) => kept.get(path),
    write: (path, content) => void kept.set(path, content),
    remove: (path) => void kept.delete(path),
    list: (folder) => (folder === '/f' ? [...kept.keys()].map((name) => name.slice('/f/'.length)) : undefined),
    powerOff: () => undefined,
    restart: () => undefined,
  };
  const commands: Readonly<Record<string, Command>> = { ...textCommands(guest.read), ...guestCommands(guest) };
  const world = { read: guest.read, write: guest.write, command: (name: string) => commands[name] };
  let printed = '';
  const emit = (piece: string) => {
    printed += piece;
  };
  const options = { variables: { WHO: 'a b' }, exitOnError, emit, signal: NO_DEADLINE };
  const status = await new Shell(world, options).run(parseScript(text));
  return { printed, status, files: Object.fromEntries(kept) };
}

test.each([
  ['echo one; echo two', 'one\ntwo\n'],
  [`echo 'it is' "a \\"word\\"" plain\\ too`, 'it is a "word" plain too\n'],
  ['echo "$WHO" $' + '{WHO} $NONE end', 'a b a b end\n'],
  ['echo $(hostname)-$(echo "x y")', 'paper-x y\n'],
  ['false || echo or; true && echo and; false && echo never', 'or\nand\n'],
  ['echo a; # echo b\necho c # d', 'a\nc\n'],
  ['false; echo $?', '1\n'],
  ['printf "%s-%s\\n" 1 2', '1-2\n'],
  ['for n in $(seq 3) last; do echo "n $n"; done | tail -n 2', 'n 3\nn last\n'],
  ['echo one two | awk "NR == 1 { print \\$2 }"', 'two\n'],
  ['cat /f/missing 2>&1 | grep -c "No such"', '1\n'],
  ['ls /f/missing 2> /dev/null || echo nothing', 'nothing\n'],
  [
    "echo 'a b' > /f/t; awk '/a/ { print $2 }' /f/t; wc -c /f/t; tail -n 1 /f/t; grep -q x /f/t || echo no",
    'b\n4\na b\nno\n',
  ],
  ['A=1; B="$A 2"; echo $B', '1 2\n'],
  ['useradd -m ada && echo "a program that is not there does its work"', 'a program that is not there does its work\n'],
  ['test "$(nproc)" = 2 && [ -z "" ] && echo yes', 'yes\n'],
  ['df -k / | awk "NR == 2 { print \\$2 }"', '102400\n'],
])('%s', async (script, printed) => {
  expect((await run(script)).printed).toBe(printed);
});

test('files are written, added to and read', async () => {
  const outcome = await run('echo a > /f/x; echo b >> /f/x; cat < /f/x > /f/y; rm -f /f/x; ls /f');
  expect(outcome).toEqual({ printed: 'y\n', status: 0, files: { '/f/y': 'a\nb\n' } });
});

test('a script ends where it says, with the status it says', async () => {
  expect(await run('echo a; exit 7; echo b')).toMatchObject({ printed: 'a\n', status: 7 });
});

test('with exit on error a failure ends the script, unless something hangs on it', async () => {
  expect(await run('false || true; echo on; false; echo off', { exitOnError: true })).toMatchObject({
    printed: 'on\n',
    status: 1,
  });
});

test('a script that would run for ever is ended', async () => {
  const nested = 'for a in $(seq 9999); do for b in $(seq 9999); do true; done; done';
  await expect(run(nested)).rejects.toThrow(`at most ${MAX_COMMANDS} commands`);
});

test('whatever the text, parsing ends, and so does running it', async () => {
  const pieces = fc.constantFrom(
    ...'|&;<>()$"\'\\\n #{}=ab12'.split(''),
    'for ',
    ' in ',
    ' do ',
    ' done',
    '$(',
    'echo ',
  );
  const text = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, async (script) => {
      await run(script);
    }),
    { numRuns: 500 },
  );
});
