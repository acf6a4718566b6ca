import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NOTE_LIMIT_CHARS, parseReportLine } from '../../src/guest/report.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('each form of line is the event it stands for', () => {
  const lines = [
    'identity',
    'begin 3 2',
    `attributes - ${base64('A = 1\n')}`,
    `attributes 3 ${base64('B = "é"\n')}`,
    'attributes-too-long 3',
    `output 3 ${base64('last words')}`,
    'recovered 3 1 250',
    'end 3 124 yes 60010 2',
    'stopped 3',
    `warning ${base64('careful')}`,
    `broken ${base64('no')}`,
    'finished',
  ];
  expect(lines.map(parseReportLine)).toEqual([
    { event: 'identity' },
    { event: 'begin', index: 3, attempt: 2 },
    { event: 'attributes', index: undefined, text: 'A = 1\n' },
    { event: 'attributes', index: 3, text: 'B = "é"\n' },
    { event: 'attributes-too-long', index: 3 },
    { event: 'output', index: 3, text: 'last words' },
    { event: 'recovered', index: 3, exitCode: 1, durationMs: 250 },
    { event: 'end', index: 3, exitCode: 124, timedOut: true, durationMs: 60_010, attempts: 2 },
    { event: 'stopped', index: 3 },
    { event: 'warning', text: 'careful' },
    { event: 'broken', text: 'no' },
    { event: 'finished' },
  ]);
});

test('output that was cut in the middle of a character begins with the next whole one', () => {
  const cut = Buffer.from('€uro').subarray(1).toString('base64');
  expect(parseReportLine(`output 0 ${cut}`)).toEqual({ event: 'output', index: 0, text: 'uro' });
});

test('whatever else a guest writes is noise', () => {
  for (const line of [
    '',
    'begin',
    'begin x 1',
    'end 1 2',
    'identity 1',
    'finished now',
    'output 1 {}',
    'begin 1 2 3',
  ]) {
    expect(parseReportLine(line)).toEqual({ event: 'noise', line });
  }
});

test('no line makes the parser throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => typeof parseReportLine(line).event === 'string'));
});

test('what a guest says beside its report is cut to a limit', () => {
  const long = 'x'.repeat(100_000);
  const cut = long.slice(0, NOTE_LIMIT_CHARS);
  const text = Buffer.from(long).toString('base64');
  expect(parseReportLine(`warning ${text}`)).toEqual({ event: 'warning', text: cut });
  expect(parseReportLine(`broken ${text}`)).toEqual({ event: 'broken', text: cut });
  expect(parseReportLine(long)).toEqual({ event: 'noise', line: cut });
});
