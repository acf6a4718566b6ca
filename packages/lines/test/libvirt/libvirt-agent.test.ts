import { expect, test } from '@jest/globals';
import { CommandError, type CommandOptions } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { Virsh } from '../../src/libvirt/api/virsh.ts';
import { LibvirtAgent } from '../../src/libvirt/libvirt-agent.ts';

const AWAY = 'error: Guest agent is not responding: QEMU guest agent is not connected';
const signal = NO_DEADLINE;

/** A guest whose agent comes up when `arrive` is called; `said` is what virsh was asked, without the connection. */
function guestOf(agent: { answers: boolean; reply?: string; error?: string }) {
  const ended = new AbortController();
  const said: string[] = [];
  let arrive = () => undefined;
  const run = async (_: string, args: readonly string[], { onLine, signal: stop }: CommandOptions = {}) => {
    const [command, , ...rest] = args.slice(3);
    said.push([command, ...rest].join(' '));
    if (command === 'event') {
      return new Promise<string>((_resolve, reject) => {
        arrive = () => {
          agent.answers = true;
          onLine?.("event 'agent-lifecycle' for domain 'x': state: 'connected' reason: 'channel event'");
        };
        stop?.addEventListener('abort', () => reject(stop.reason));
      });
    }
    const error = agent.error ?? (agent.answers ? undefined : AWAY);
    if (error === undefined) return agent.reply ?? '{"return":{}}';
    const fields = { program: 'virsh', exitCode: 1, reason: 'failed', outputTail: error } as const;
    throw new CommandError('virsh ended with exit status 1', fields, undefined);
  };
  const virsh = new Virsh({ run }, { uri: 'test:///default' });
  const options = { uuid: 'u', ended: ended.signal };
  return { agent: new LibvirtAgent({ virsh }, options), said, ended, arrive: () => arrive() };
}

test('an agent that is there is asked once; one that comes later is asked again when libvirt says so', async () => {
  const there = guestOf({ answers: true });
  await there.agent.synchronize(signal);
  expect(there.said).toHaveLength(1);

  const later = guestOf({ answers: false });
  const synchronized = later.agent.synchronize(signal);
  setTimeout(() => later.arrive(), 50);
  await synchronized;
  expect(later.said.filter((line) => line.startsWith('event'))).toEqual(['event u --event agent-lifecycle --loop']);
  expect(later.said.length).toBeLessThanOrEqual(4);
});

test('waiting for an agent ends with GUEST_LOST when the machine does, and with the reason when it is called off', async () => {
  const lost = guestOf({ answers: false });
  const waiting = lost.agent.synchronize(signal);
  setTimeout(() => lost.ended.abort(new GridError('GUEST_LOST', 'the machine ended')), 20);
  await expect(waiting).rejects.toMatchObject({ code: 'GUEST_LOST' });

  const stop = new AbortController();
  const calledOff = guestOf({ answers: false }).agent.synchronize(stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 20);
  await expect(calledOff).rejects.toThrow('enough');
});

test('a command returns what the agent does; a refusal is GUEST_UNREACHABLE, a machine that is off GUEST_LOST', async () => {
  const ask = (more: object) =>
    guestOf({ answers: true, ...more }).agent.execute('guest-exec', { path: '/bin/sh' }, signal);
  expect(await ask({ reply: '{"return":{"pid":7}}' })).toEqual({ pid: 7 });
  await expect(ask({ error: 'error: internal error: unable to execute QEMU agent command' })).rejects.toMatchObject({
    code: 'GUEST_UNREACHABLE',
  });
  await expect(ask({ error: 'error: Requested operation is not valid: domain is not running' })).rejects.toMatchObject({
    code: 'GUEST_LOST',
  });
});
