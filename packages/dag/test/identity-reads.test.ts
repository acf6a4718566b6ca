import { expect, test } from '@jest/globals';
import { type Action, identityReads } from '../src/index.ts';

const readsOf = (script: string, more: Partial<Action> = {}) =>
  identityReads({ actions: [{ id: 'a', kind: 'script', script, ...more } as Action] }).map(({ reads }) => reads);

test.each([
  ['cat /etc/machine-id >/srv/id', ['the machine id']],
  ['echo "I am $(hostname)" >/etc/motd', ['the host name']],
  ['uname -n >/etc/mine; hostnamectl status', ['the host name']],
  ['cp /etc/ssh/ssh_host_ed25519_key.pub /srv', ['the ssh host keys']],
  ['ip -4 addr show >/srv/address', ['a network address']],
  ['cat /sys/class/net/eth0/address', ['a network address']],
  ['apt-get install -y octave; echo hostname=x >/etc/x.conf', []],
  ['useradd -m arijit', []],
])('%s', (script, reads) => expect(readsOf(script)).toEqual(reads));

test('an action that runs for each machine may read what it likes', () => {
  expect(readsOf('hostname >/etc/motd', { perMachine: true })).toEqual([]);
});
