import { expect, test } from '@jest/globals';
import { exitCauseOf } from '../../src/uml/exit-cause.ts';

test.each([
  ['Requesting system poweroff\r\nreboot: Power down\n', 'guest-shutdown'],
  ['reboot: System halted\n', 'guest-shutdown'],
  ['Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000000\n', 'crashed'],
  ['login: ', 'crashed'],
  ['', 'crashed'],
])('a UML whose last words are %j is %s', (console, cause) => {
  expect(exitCauseOf(console)).toBe(cause);
});
