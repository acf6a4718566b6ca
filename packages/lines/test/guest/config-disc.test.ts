import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quote, writeConfigDisc } from '../../src/guest/disc/config-disc.ts';
import { isoImage } from '../../src/guest/disc/iso-image.ts';
import { makeHostKey } from '../../src/guest/host-key.ts';
import { extractDisc } from './extract-disc.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-disc-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('equal files make equal bytes, in any order', () => {
  const [a, b] = [
    { name: 'a', content: Buffer.from('1') },
    { name: 'b.sh', content: Buffer.from('2') },
  ];
  expect(isoImage('X', [a, b])).toEqual(isoImage('X', [b, a]));
});

test('another reader of ISO 9660 finds every file of a disc, whole, whatever its size', async () => {
  const sizes = [0, 1, 2_047, 2_048, 2_049, 100_000];
  const files = Array.from({ length: 300 }, (_, index) => ({
    name: `s${index}`,
    content: Buffer.alloc(sizes[index % sizes.length]!, index),
  }));
  const disc = join(folder, 'many.iso');
  await writeFile(disc, isoImage('MANY', files));
  const out = extractDisc(disc, join(folder, 'many'));
  for (const { name, content } of files) expect((await readFile(join(out, name))).equals(content)).toBe(true);
});

test('only its owner may read a disc, and a disc is never written over another file', async () => {
  const disc = join(folder, 'owner.iso');
  await writeConfigDisc(disc, { steps: [] });
  expect((await stat(disc)).mode & 0o777).toBe(0o600);
  await expect(writeConfigDisc(disc, { steps: [] })).rejects.toMatchObject({ code: 'EEXIST' });
});

test('an uploaded file that makes room for another before it is read is FILE_UNKNOWN', async () => {
  const uploaded = async () => ({ path: join(folder, 'gone'), bytes: 5 });
  const action = { kind: 'file', id: 'a', path: '/a', contentDigest: `sha256:${'0'.repeat(64)}` } as const;
  const written = writeConfigDisc(join(folder, 'gone.iso'), {
    steps: [{ index: 0, action, timeoutMs: 1_000 }],
    uploaded,
  });
  await expect(written).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
});

test('a disc for cloud-init is a NoCloud disc as well, with the host key that the runner installs', async () => {
  const disc = join(folder, 'cloud.iso');
  const identity = { hostName: 'vm-1', macAddress: '02:00:00:00:00:01' };
  await writeConfigDisc(disc, { identity, cloudInit: true, steps: [] });
  expect((await readFile(disc)).toString('latin1', 32_808, 32_840).trim()).toBe('cidata');
  const out = extractDisc(disc, join(folder, 'cloud'));
  const text = (name: string) => readFile(join(out, name), 'utf8');
  expect(JSON.parse(await text('meta-data'))).toEqual({ 'instance-id': 'vm-1', 'local-hostname': 'vm-1' });
  expect(JSON.parse(await text('network-config'))).toMatchObject({
    version: 2,
    ethernets: { vmgrid: { optional: true } },
  });
  const [head, ...userData] = (await text('user-data')).split('\n');
  expect(head).toBe('#cloud-config');
  expect(JSON.parse(userData.join('\n'))).toMatchObject({
    ssh_keys: { ed25519_private: await text('hostkey'), ed25519_public: await text('hostkey.pub') },
  });
  expect(await text('identity')).toContain("host_name='vm-1'");
});

test('every text survives the shell that reads it', () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'));
  fc.assert(
    fc.property(text, (value) => {
      const printed = execFileSync('sh', ['-c', `printf %s ${quote(value)}`]);
      expect(printed.equals(Buffer.from(value))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('OpenSSH reads the host keys', async () => {
  const path = join(folder, 'key');
  const { privateKey, publicKey } = makeHostKey('root@somewhere');
  await writeFile(path, privateKey, { mode: 0o600 });
  expect(execFileSync('ssh-keygen', ['-y', '-f', path]).toString()).toBe(publicKey);
});
