import { expect, test } from '@jest/globals';
import { ClassAd, evaluate, parseExpression } from '@vmgrid/classad';
import { decodeCreate } from '@vmgrid/protocol';
import fc, { type Arbitrary } from 'fast-check';

const decode = (template: string) =>
  decodeCreate({
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
    dag: { actions: [] },
    template,
  });

const plant = { Name: 'a.b', Arch: 'x86_64', VmCount: 3, FreeMemoryMiB: 7, TotalMemoryMiB: 16, Accelerators: ['kvm'] };
const judge = (expression: string | undefined, target: Record<string, string | number | string[]>) =>
  evaluate(parseExpression(expression ?? ''), { my: ClassAd.of({}), target: ClassAd.of(target) });

/** An expression of a template, with what it is worth for the plant. */
interface Worth<T> {
  readonly text: string;
  readonly value: T;
}

const condition: Arbitrary<Worth<boolean>> = fc.oneof(
  fc
    .integer({ min: 0, max: 6 })
    .chain((limit) =>
      fc.constantFrom(
        { text: `RUNNING_VMS = ${limit}`, value: limit === 3 },
        { text: `RUNNING_VMS != "${limit}"`, value: limit !== 3 },
        { text: `FREE_MEM_MB > ${limit + 3}`, value: 7 > limit + 3 },
        { text: `FREE_MEMORY < ${limit * 2_048}`, value: 7 < limit * 2 },
      ),
    ),
  fc.constantFrom({ text: 'ARCH = "x86*"', value: true }, { text: 'HYPERVISOR = qemu', value: false }),
  fc.constantFrom({ text: "HYPERVISOR = 'kv*'", value: true }, { text: 'HYPERVISOR != "[!k]*"', value: true }),
);

const requirements = fc.letrec<{ any: Worth<boolean>; one: Worth<boolean> }>((tie) => ({
  one: fc.oneof(
    { maxDepth: 4 },
    condition,
    tie('one').map(({ text, value }) => ({ text: `!${text}`, value: !value })),
    tie('any').map(({ text, value }) => ({ text: `(${text})`, value })),
  ),
  any: fc
    .tuple(tie('one'), fc.array(fc.tuple(fc.constantFrom('&', '|'), tie('one')), { maxLength: 3 }))
    .map(([first, rest]) =>
      rest.reduce(
        (left, [operator, right]) => ({
          text: `${left.text}${operator}${right.text}`,
          value: operator === '&' ? left.value && right.value : left.value || right.value,
        }),
        first,
      ),
    ),
})).any;

test('translated requirements are true for the plants for which they were', () => {
  fc.assert(
    fc.property(requirements, ({ text, value }) => {
      expect(judge(decode(`REQUIREMENTS = ${text}`).requirements, plant)).toEqual({ kind: 'boolean', value });
    }),
  );
});

const rank = fc.letrec<{ sum: Worth<number>; product: Worth<number>; factor: Worth<number> }>((tie) => ({
  factor: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: 0, max: 9 }).map((value) => ({ text: `0${value}`, value })),
    fc.constantFrom({ text: 'RUNNING_VMS', value: 3 }, { text: 'FREE_MEM_MB', value: 7 }, { text: '0.5', value: 0.5 }),
    tie('factor').map(({ text, value }) => ({ text: `-${text}`, value: -value })),
    tie('sum').map(({ text, value }) => ({ text: `(${text})`, value })),
  ),
  product: fc.oneof(
    fc.tuple(tie('factor'), tie('factor')).map(([left, right]) => ({
      text: `${left.text} * ${right.text}`,
      value: left.value * right.value,
    })),
    fc.tuple(tie('factor'), fc.integer({ min: 1, max: 9 })).map(([left, divisor]) => ({
      text: `${left.text} / ${divisor}`,
      value: left.value / divisor,
    })),
  ),
  sum: fc
    .tuple(fc.oneof(tie('product'), tie('factor')), fc.constantFrom('+', '-'), fc.oneof(tie('product'), tie('factor')))
    .map(([left, operator, right]) => ({
      text: `${left.text} ${operator} ${right.text}`,
      value: operator === '+' ? left.value + right.value : left.value - right.value,
    })),
})).sum;

test('a translated rank is worth what it was, fractions included', () => {
  fc.assert(
    fc.property(rank, ({ text, value }) => {
      const result = judge(decode(`RANK = ${text}`).rank, plant);
      // An integer knows no negative zero.
      expect('value' in result && Number(result.value) + 0).toBe(value + 0);
    }),
  );
});

/** Matches a pattern letter by letter; patterns of sets consist of one character class. */
function globs(pattern: readonly string[], text: string): boolean {
  const [part, ...rest] = pattern;
  if (part === undefined) return text === '';
  if (part === '*') return globs(rest, text) || (text !== '' && globs(pattern, text.slice(1)));
  const [first = ''] = text;
  return text !== '' && accepts(part, first) && globs(rest, text.slice(1));
}

function accepts(part: string, character: string): boolean {
  if (part === '?') return true;
  if (part === '[a-b]') return 'ab'.includes(character);
  if (part === '[!a.^]') return !'a.^'.includes(character);
  if (part === '[]b]') return ']b'.includes(character);
  return part.replace(/^\\/, '') === character;
}

const part = fc.constantFrom(
  '*',
  '?',
  '[a-b]',
  '[!a.^]',
  '[]b]',
  '\\*',
  '\\[',
  'a',
  'b',
  '.',
  '^',
  '$',
  '+',
  '(',
  '|',
  '{',
  ']',
);
const letters = fc.string({
  unit: fc.constantFrom('a', 'b', '.', '*', '[', ']', '^', '$', '+', '(', '|', '{'),
  maxLength: 5,
});

test('a pattern takes exactly the names that it takes in a shell', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), letters, (pattern, name) => {
      const expression = decode(`REQUIREMENTS = HOSTNAME = "${pattern.join('')}"`).requirements;
      const value = globs(pattern, name);
      expect(judge(expression, { ...plant, Name: name })).toEqual({ kind: 'boolean', value });
    }),
    { numRuns: 1_000 },
  );
});
