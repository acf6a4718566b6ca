/** Request documents that the command line reads, beside what stands in its words. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readDocument } from '../src/documents.ts';

const VM = 'vm-00000000-0000-4000-8000-000000000000';
const DAG = '<dag><action id="a" kind="script"><script>true</script></action></dag>';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-documents-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function configure(text: string) {
  const file = join(folder, 'document');
  await writeFile(file, text);
  return readDocument(file, 'configure', { vmId: VM });
}

test('a document in XML need not name the VM that the command names', async () => {
  const { vmId, dag } = await configure(`<vmgrid version="1"><configure>${DAG}</configure></vmgrid>`);
  expect([vmId, dag.actions[0]?.id]).toEqual([VM, 'a']);
});

test.each([
  ['about another VM', `{ "vmId": "${VM.replaceAll('0', '1')}", "dag": { "actions": [] } }`, /another vmId/],
  ['that is a list', '[]', /not a JSON object/],
  ['of another verb', '<vmgrid version="1"><list/></vmgrid>', /holds <list>, not <configure>/],
])('a document %s is refused', async (_, text, message) => {
  await expect(configure(text)).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
    message: expect.stringMatching(message),
  });
});
