import { describe, expect, test } from '@jest/globals';
import { ClassAd, explainRequirements, matchAds, parseClassAd, unparse } from '../src/index.ts';

const job = parseClassAd(
  `[ Type = "Job"; MemoryUsed = 6000; Requirements = other.Type == "Machine" && other.Memory >= 4000;
    Rank = TARGET.Memory ]`,
);
const machine = parseClassAd(
  '[ Type = "machine"; Memory = 5000; Requirements = TARGET.Type == "job" && TARGET.MemoryUsed < 8000 ]',
);

describe('matchAds', () => {
  test('matches when each accepts the other, and ranks by each', () => {
    expect(matchAds(job, machine)).toEqual({
      matched: true,
      left: { accepts: true, requirements: { kind: 'boolean', value: true }, rank: 5000 },
      right: { accepts: true, requirements: { kind: 'boolean', value: true }, rank: 0 },
    });
  });

  test('does not match when one refuses or cannot tell', () => {
    expect(matchAds(job, machine.with('Memory', 3000))).toMatchObject({ matched: false, left: { accepts: false } });
    expect(matchAds(job.without('MemoryUsed'), machine)).toMatchObject({
      matched: false,
      left: { accepts: true },
      right: { accepts: false, requirements: { kind: 'undefined' } },
    });
  });

  test('takes an ad without requirements to refuse, as HTCondor does, unless told that it accepts', () => {
    const silent = machine.without('Requirements');
    expect(matchAds(job, silent).matched).toBe(false);
    expect(matchAds(job, silent, { withoutRequirements: 'accept' }).matched).toBe(true);
  });

  test('ranks what is no finite number as 0', () => {
    for (const rank of ['"high"', 'nothing', '1/0', 'real("NaN")']) {
      expect(matchAds(parseClassAd(`[ Requirements = true; Rank = ${rank} ]`), machine).left.rank).toBe(0);
    }
  });
});

describe('explainRequirements', () => {
  test('gives each condition its value and the figures it looked at', () => {
    const conditions = explainRequirements(
      '(TARGET.FreeMemoryMiB >= MY.MemoryMiB && TARGET.Line == "qemu") && (Rare || !false)',
      { my: ClassAd.of({ MemoryMiB: 512 }), target: ClassAd.of({ FreeMemoryMiB: 256 }) },
    );
    const shown = conditions.map(({ text, value, holds, references }) => [
      text,
      unparse(value),
      holds,
      references.map((reference) => `${reference.text} = ${unparse(reference.value)}`),
    ]);
    expect(shown).toEqual([
      ['TARGET.FreeMemoryMiB >= MY.MemoryMiB', 'false', false, ['TARGET.FreeMemoryMiB = 256', 'MY.MemoryMiB = 512']],
      ['TARGET.Line == "qemu"', 'undefined', false, ['TARGET.Line = undefined']],
      ['Rare ||  !false', 'true', true, ['Rare = undefined']],
    ]);
  });
});
