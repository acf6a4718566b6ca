/**
 * A configuration in progress: the attributes that it collects from its actions, and the results that a boot would
 * lose.
 */
import { expect, test } from '@jest/globals';
import type { Action } from '@vmgrid/dag';
import { ATTRIBUTES_LIMIT_CHARS, ConfigurationProgress } from '../../src/configuration/configuration.ts';

const action: Action = { kind: 'script', id: 'a', script: 'true' };
const half = (name: string) => `${name} = "${'x'.repeat(ATTRIBUTES_LIMIT_CHARS / 2)}"`;

test('what the history told that the machine began with, the machine tells, and counts towards the limit', () => {
  const inherited = [{ attributes: { Answer: '41', Note: '"old"' } }, {}, { attributes: { answer: '42' } }];
  expect(new ConfigurationProgress({ inherited }).soFar.attributes).toEqual({ answer: '42', Note: '"old"' });
  const full = new ConfigurationProgress({ inherited: [{ attributes: { Big: 'x'.repeat(ATTRIBUTES_LIMIT_CHARS) } }] });
  full.began(action);
  expect(() => full.told(action, 'A = 1')).toThrow(/all attributes together are longer than/);
});

test('actions together may not tell more than the limit, and what was done before is kept', () => {
  const progress = new ConfigurationProgress();
  progress.began(action);
  progress.told(action, half('One'));
  progress.succeeded(action, 1_000, 0);
  progress.began({ ...action, id: 'b' });
  const tellTooMuch = () => progress.told({ ...action, id: 'b' }, half('Two'));
  expect(tellTooMuch).toThrow(expect.objectContaining({ code: 'ATTRIBUTES_INVALID', details: { actionId: 'b' } }));
  expect(Object.keys(progress.soFar.attributes)).toEqual(['One']);
});

test('of what an action told beside a name that is reserved, nothing is kept', () => {
  const progress = new ConfigurationProgress();
  progress.began(action);
  expect(() => progress.told(action, 'Mine = 1\nState = "mine"')).toThrow(/the name State is the plant's own/);
  expect(progress.soFar.attributes).toEqual({});
});

test('only where it is looked at is it said whether an action survives a boot', () => {
  for (const observe of [true, false]) {
    const progress = new ConfigurationProgress({ observe });
    progress.began(action);
    progress.succeeded(action, 1_000, 0);
    expect(progress.soFar.history[0]!.survivesBoot).toBe(observe ? true : undefined);
  }
});

test('what a boot would lose is kept for people to read: so many lines of so many plain characters', () => {
  const progress = new ConfigurationProgress({ observe: true });
  progress.began(action);
  progress.loses(`file /tmp/\u00e9\n\n${'x'.repeat(300)}\n${'process sleep\n'.repeat(40)}`);
  progress.succeeded(action, 1_000, 0);
  const { survivesBoot, lostAtBoot } = progress.soFar.history[0]!;
  expect(survivesBoot).toBe(false);
  expect(lostAtBoot).toHaveLength(32);
  expect(lostAtBoot!.slice(0, 3)).toEqual(['file /tmp/?', 'x'.repeat(256), 'process sleep']);
  progress.began(action);
  progress.succeeded(action, 1_000, 0);
  expect(progress.soFar.history[1]!.survivesBoot).toBe(true);
});

test('a restart has ended what a boot would lose of earlier actions, also of those of the image', () => {
  const progress = new ConfigurationProgress({ observe: true });
  for (const one of [action, { ...action, id: 'b', reboot: true }, { ...action, id: 'c' }] as const) {
    progress.began(one);
    if (one.id !== 'b') progress.loses('file /run/left');
    progress.succeeded(one, 1_000, 0);
  }
  const { history, hasRestarted } = progress.soFar;
  expect(hasRestarted).toBe(true);
  expect(history.map(({ survivesBoot, lostAtBoot }) => [survivesBoot, lostAtBoot])).toEqual([
    [true, undefined],
    [true, undefined],
    [false, ['file /run/left']],
  ]);
});
