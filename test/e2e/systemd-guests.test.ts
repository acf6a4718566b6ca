/**
 * Clones of a suspended Debian: what they keep of the programs that ran in their image, and what is their own; one
 * image for all.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseClassAd } from '@vmgrid/classad';
import { QemuLine } from '../../packages/lines/src/qemu/qemu-line.ts';
import { lookScript, MUST_DIFFER, sharedTraits } from '../../packages/vmplant/src/identity/must-differ.ts';
import type { GoldenImage } from '../../packages/warehouse/src/images/manifest.ts';
import { attributesOf, identityOf, script, WAKE_AND_RUN, Workshop } from '../contract/workshop.ts';

const OPEN_MS = 600_000;
const scan = promisify(execFile);

/** The content that an image must keep: a service with a folder and a log of its own, a timer, an ssh server. */
const PREPARE = `
cat > /etc/systemd/system/private.service <<'END'
[Service]
PrivateTmp=yes
ExecStart=/bin/sh -c 'echo began > /tmp/mark; exec >> /var/log/private.log; while :; do echo tick; sleep 1; done'
[Install]
WantedBy=multi-user.target
END
cat > /etc/systemd/system/daily.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'hostname >> /root/fired'
END
at=$(date -d '1 hour ago' +%H:%M)
printf "[Timer]\\nOnCalendar=$at\\nPersistent=yes\\n" > /etc/systemd/system/daily.timer
systemctl daemon-reload
systemctl enable private.service
deb-systemd-invoke start private.service # as the script of a package starts it
systemctl disable --now ssh.socket
systemctl enable --now ssh.service
logger -t before 'said before the image was made'
echo data > /tmp/x
echo whole > /var/log/action.log
until grep -q tick /var/log/private.log; do sleep 0.2; done
date -s '2 hours ago' # the timer falls due while the image lies there
systemctl start daily.timer`;

/** Reports as soon as an action can: right after the clone was restored. */
const LOOK = `${lookScript()}
tell() { echo "$1 = \\"$(echo $2)\\"" >> "$VMGRID_ATTRIBUTES"; }
logger -t after 'said in the clone'; journalctl --sync
tell Journal "$(journalctl -q -o cat -t before -t after)"
tell ThisBoot "$(journalctl -q -b -o cat -t after)"
private=/proc/$(systemctl show --value -p MainPID private.service)
tell Private "$(cat $private/root/tmp/mark; touch $private/root/tmp/more && echo writable)"
tell Kept "$(cat /tmp/x /var/log/action.log)"
tell Zeros "$(tr -dc '\\000' < /var/log/private.log | wc -c)"
tell Fired "$(cat /root/fired)"
tell Active "$(systemctl is-active private.service daily.timer ssh.service dbus.service)"
tell Failed "$(systemctl --failed --plain --no-legend)"`;

let workshop: Workshop;
let image: GoldenImage;
/** A clone's reports about itself. */
type Told = Readonly<Record<string, unknown>>;
let restored: readonly Told[];
let booted: Told;
let ports: readonly number[];

beforeAll(async () => {
  const make = (options: object) => new QemuLine({}, options as never);
  workshop = await Workshop.open({ os: 'debian-12', make }, AbortSignal.timeout(OPEN_MS));
  const order = await workshop.order('golden', workshop.base, { purpose: 'build', start: 'boot' });
  const machine = await workshop.start(order);
  const plan = { identity: identityOf('golden'), steps: [{ ...script(0, PREPARE), timeoutMs: 120_000 }] };
  await workshop.configure(machine, plan, WAKE_AND_RUN);
  image = await workshop.freeze(machine, order, 'golden');
  const [one, other] = [await look('one', 'restore'), await look('other', 'restore')];
  restored = [one.told, other.told];
  const third = await look('booted', 'boot');
  booted = third.told;
  ports = [one.port, other.port, third.port];
}, OPEN_MS);
afterAll(() => workshop?.close());

async function look(name: string, start: 'restore' | 'boot'): Promise<{ readonly told: Told; readonly port: number }> {
  const machine = await workshop.start(await workshop.order(name, image, { start }));
  const plan = { identity: identityOf(name), steps: [{ ...script(0, LOOK), timeoutMs: 120_000 }] };
  const events = await workshop.configure(machine, plan, WAKE_AND_RUN);
  const ad = parseClassAd(attributesOf(events, 0) ?? '');
  const told = Object.fromEntries([...ad.entries()].map(([key, value]) => [key, String(value).slice(1, -1)]));
  return { told, port: workshop.access.get(machine)!.sshPort! };
}

test('two clones share nothing of the list of what must differ, and have all of it but a seed', () => {
  const [one, other] = restored as [Told, Told];
  expect(sharedTraits(one, other)).toEqual([]);
  expect(MUST_DIFFER.filter(({ name }) => !one[name]).map(({ name }) => name)).toEqual(['RandomSeed']);
  expect(sharedTraits(one, booted)).toEqual([]);
});

test('an ssh server that ran in the image runs in each clone, and shows its key', async () => {
  for (const [index, port] of ports.entries()) {
    const { stdout } = await scan('ssh-keyscan', ['-t', 'ed25519', '-T', '20', '-p', `${port}`, '127.0.0.1']);
    expect(stdout.trim().split(' ').at(-1)).toBe([...restored, booted][index]!.SshHostKeys);
  }
}, 60_000);

test('the journal has what was logged in the image and in the clone, at once', () => {
  for (const told of [...restored, booted]) {
    expect(told.Journal).toBe('said before the image was made said in the clone');
    expect(told.ThisBoot).toBe('said in the clone');
  }
});

test('a service that a package starts runs, and goes on with its private folder and its log, and what actions left is whole', () => {
  for (const told of restored) {
    expect(told).toMatchObject({ Private: 'began writable', Zeros: '0', Failed: '' });
    expect(told.Active).toBe('active active active active');
  }
  for (const told of [...restored, booted]) expect(told).toMatchObject({ Kept: 'data whole', Failed: '' });
});

test('a timer that fell due while the image lay there does not go off in a clone', () => {
  for (const told of restored) expect(told.Fired).toBe('');
});
