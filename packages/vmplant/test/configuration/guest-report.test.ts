import { describe, expect, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import type { Action } from '@vmgrid/dag';
import { GridError } from '@vmgrid/protocol';
import { ConfigurationProgress } from '../../src/configuration/configuration.ts';
import { type BookedActions, GuestReport, NOTHING_BOOKED } from '../../src/configuration/guest-report.ts';
import { Phases } from '../../src/vms/phases.ts';

const script = (id: string, more: object = {}): Action => ({ kind: 'script', id, script: `echo ${id}`, ...more });
const base64 = (text: string) => Buffer.from(text).toString('base64');

async function* said(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

function reportOf(lines: readonly string[], booked: BookedActions | undefined) {
  const progress = new ConfigurationProgress();
  const phases = new Phases(systemClock, { requestId: 'request-1' }, () => undefined);
  return { progress, report: new GuestReport(said(lines), booked, { progress, phases, clock: systemClock }) };
}

const bookedAt = (first: number, ...actions: Action[]): BookedActions => ({ first, actions });

test('actions that ran are booked in their order, with what they told', async () => {
  const { progress, report } = reportOf(
    [
      'begin 3 1',
      `attributes 3 ${base64('Answer = 42\n\nNote = "after a blank line"')}`,
      'end 3 0 no 120 1',
      'begin 4 1',
      'end 4 0 no 30 1',
      'finished',
    ],
    bookedAt(3, script('a'), script('b')),
  );
  await report.toEnd();
  expect(progress.soFar.history.map(({ id, seconds }) => [id, seconds])).toEqual([
    ['a', 0.12],
    ['b', 0.03],
  ]);
  expect(progress.soFar.attributes).toEqual({ Answer: '42', Note: '"after a blank line"' });
});

test('an action that is tried again is booked once', async () => {
  const { progress, report } = reportOf(
    ['begin 0 1', `output 0 ${base64('no luck')}`, 'begin 0 2', 'end 0 0 no 50 2', 'finished'],
    bookedAt(0, script('a', { retries: 1 })),
  );
  await report.toEnd();
  expect(progress.soFar.history.map(({ id }) => id)).toEqual(['a']);
});

test('a failing action ends the configuration and tells its exit status and last output', async () => {
  const { report } = reportOf(
    ['begin 0 1', `output 0 ${base64('disk is full')}`, 'end 0 28 no 50 1', 'stopped 0', 'finished'],
    bookedAt(0, script('a')),
  );
  await expect(report.toEnd()).rejects.toMatchObject({
    code: 'ACTION_FAILED',
    details: { actionId: 'a', exitCode: 28, output: 'disk is full' },
  });
});

test('a report without its end was cut off', async () => {
  const { report } = reportOf(['begin 0 1', 'Kernel panic'], bookedAt(0, script('a')));
  expect(await report.toEnd()).toMatchObject({
    error: {
      code: 'GUEST_LOST',
      message: expect.stringContaining('during the action a, or after it'),
      details: { actionId: 'a', output: 'Kernel panic' },
    },
    last: { id: 'a' },
    restarting: undefined,
  });
});

/** A report that ends as the guest starts anew. */
async function* untilRestart(...lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
  throw new GridError('GUEST_RESTARTED', 'the guest started anew');
}

function restartingReport(lines: AsyncIterable<string>, booked: BookedActions) {
  const progress = new ConfigurationProgress({ observe: true });
  const phases = new Phases(systemClock, { requestId: 'request-1' }, () => undefined);
  const deps = { progress, phases, clock: systemClock };
  return { progress, report: new GuestReport(lines, booked, deps), deps };
}

test('a guest that starts anew cuts the report off at the action that began last, and what was done before is kept', async () => {
  const lines = untilRestart('begin 0 1', 'end 0 0 no 50 1', 'begin 1 1');
  const { progress, report } = restartingReport(lines, bookedAt(0, script('a'), script('b')));
  const cut = await report.toEnd();
  expect(cut).toMatchObject({ error: { code: 'GUEST_RESTARTED' }, last: { id: 'b' }, restarting: undefined });
  expect(progress.soFar.history).toMatchObject([{ id: 'a' }]);
});

test('an action that restarts the machine is booked after that, with what it told, and the rest goes on', async () => {
  const actions = [script('a'), script('b', { reboot: true }), script('c')];
  const before = ['begin 3 1', `loses 3 ${base64('file /run/a')}`, 'end 3 0 no 5 1', 'begin 4 1', 'restarts 4'];
  const { progress, report, deps } = restartingReport(untilRestart(...before), bookedAt(3, ...actions));
  const { restarting } = (await report.toEnd())!;
  expect(restarting).toMatchObject({ first: 4, actions: actions.slice(1), restarted: { index: 4 } });
  expect(progress.soFar).toMatchObject({ history: [{ id: 'a', lostAtBoot: ['file /run/a'] }], hasRestarted: false });
  const after = [`attributes 4 ${base64('Kernel = "new"')}`, 'restarted 4', 'begin 5 1', 'end 5 0 no 5 1', 'finished'];
  const next = new GuestReport(said(after), restarting, deps);
  await next.untilRestarted();
  expect(progress.soFar.history).toEqual([
    expect.objectContaining({ id: 'a', survivesBoot: true }),
    expect.objectContaining({ id: 'b', survivesBoot: true, attributes: { Kernel: '"new"' } }),
  ]);
  expect(progress.soFar.history[0]).not.toHaveProperty('lostAtBoot');
  expect(await next.toEnd()).toBeUndefined();
  expect(progress.soFar).toMatchObject({ history: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], hasRestarted: true });
});

test('a guest that starts anew in a recover script does not do what the action is to do', async () => {
  const lines = untilRestart('begin 0 1', 'recovers 0');
  const { report } = restartingReport(lines, bookedAt(0, script('a', { reboot: true, recover: 'reboot' })));
  expect(await report.toEnd()).toMatchObject({ last: { id: 'a' }, restarting: undefined });
});

describe('a hostile guest cannot', () => {
  const wrong: readonly (readonly [string, readonly string[]])[] = [
    ['end an action that has not begun', ['end 0 0 no 1 1']],
    ['end an action twice', ['begin 0 1', 'end 0 0 no 1 1', 'end 0 0 no 1 1']],
    ['begin an action again and again', ['begin 0 1', 'begin 0 1']],
    ['try more often than it may', ['begin 0 1', 'begin 0 2']],
    ['leave an action out', ['begin 1 1']],
    ['speak of an action outside its run', ['begin 999 1']],
    ['restart the machine in an action that is not to', ['begin 0 1', 'restarts 0']],
    ['be back from a restart that was not', ['begin 0 1', 'restarted 0']],
    ['tell attributes of no action', [`attributes - ${base64('State = "owned"')}`]],
    ['tell attributes of another action', ['begin 0 1', `attributes 1 ${base64('A = 1')}`]],
    ['tell attributes twice', ['begin 0 1', `attributes 0 ${base64('A = 1')}`, `attributes 0 ${base64('A = 2')}`]],
  ];
  test.each(wrong)('%s', async (_, lines) => {
    const { report } = reportOf([...lines, 'finished'], bookedAt(0, script('a'), script('b')));
    await expect(report.toEnd()).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE' });
  });

  test('end an action that restarts the machine without that', async () => {
    const { report } = reportOf(['begin 0 1', 'end 0 0 no 1 1'], bookedAt(0, script('a', { reboot: true })));
    await expect(report.toEnd()).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE' });
  });

  test("set one of the plant's own attributes", async () => {
    const lines = ['begin 0 1', `attributes 0 ${base64('vmid = "vm-of-another"')}`, 'end 0 0 no 1 1', 'finished'];
    const { report } = reportOf(lines, bookedAt(0, script('a')));
    await expect(report.toEnd()).rejects.toMatchObject({ code: 'ATTRIBUTES_INVALID' });
  });

  test('set attributes that are no UTF-8, which would be damaged', async () => {
    const latin1 = Buffer.from('Name = "\xe9"', 'latin1').toString('base64');
    const lines = ['begin 0 1', `attributes 0 ${latin1}`, 'end 0 0 no 1 1', 'finished'];
    const { report } = reportOf(lines, bookedAt(0, script('a')));
    await expect(report.toEnd()).rejects.toMatchObject({
      code: 'ATTRIBUTES_INVALID',
      message: 'attributes of action a: they are not UTF-8 text',
    });
  });

  test('have anything booked of a recover script that runs for a host action', async () => {
    const { progress, report } = reportOf(
      ['begin 0 1', `attributes 0 ${base64('VmId = "vm-of-another"')}`, 'end 0 0 no 1 1', 'finished'],
      NOTHING_BOOKED,
    );
    await report.toEnd();
    expect(progress.soFar).toEqual({
      history: [],
      failedActions: [],
      attributes: {},
      secret: false,
      hasRestarted: false,
    });
  });

  test('tell more than its host key as it takes its identity', async () => {
    const told = 'SshHostKey = "ssh-ed25519 AAAA"\nState = "owned"\nLeaseEndsAt = "never"';
    const { progress, report } = reportOf([`attributes - ${base64(told)}`, 'identity', 'finished'], bookedAt(0));
    await report.untilIdentity();
    expect(progress.soFar.attributes).toEqual({ SshHostKey: '"ssh-ed25519 AAAA"' });
  });
});
