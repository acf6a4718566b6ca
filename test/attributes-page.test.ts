/** `docs/attributes.md` against the code: each list has the names that classads and actions have, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { planAd, plantAd } from '@vmgrid/bidding';
import { FileAction, HostAction, PackageAction, ScriptAction } from '@vmgrid/dag';
import { type PlanSummary, type PlantSnapshot, requestAd } from '@vmgrid/protocol';
import { isReservedAttribute, vmAd } from '../packages/vmplant/src/vms/reporter.ts';
import { recordOf } from '../packages/vmplant/test/vms/made-up-records.ts';

const text = readFileSync(join(import.meta.dirname, '../docs/attributes.md'), 'utf8');

/** The first column of the table below a heading. */
function listed(heading: string): string[] {
  const [, section = ''] = text.split(`${heading}\n`);
  const [table = ''] = section.split(/^##/m);
  return [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!).sort();
}

const failure = {
  code: 'GUEST_LOST' as const,
  message: 'it went',
  retryable: false,
  remedy: 'make another',
  details: {},
};
const vm = recordOf({ owner: 'ada', readyAt: '2026-01-01T00:01:00.000Z', failure, destructionFailure: failure });
const plant: PlantSnapshot = {
  plantId: 'plant-1',
  version: '1',
  capacity: { memoryMiB: 1024, diskMiB: 1024, cpusPerVm: 1, vms: 1 },
  usage: { memoryMiB: 0, diskMiB: 0, vms: 0 },
  lines: [],
  loadAverage: 0,
  guestNetwork: 'isolated',
  hostActions: [],
  imageCount: 0,
  draining: false,
  failures: { inARow: 1, lastCode: 'GUEST_LOST', lastTime: 0 },
};
const plan: PlanSummary = {
  imageId: 'base',
  line: 'qemu',
  start: 'boot',
  actionsCached: 0,
  actionsLeft: 0,
  expectedSeconds: 1,
};

test.each([
  ["## A VM's classad", vmAd(vm, 'plant-1')],
  ["## A plant's classad", plantAd(plant, 'qemu')],
  ["## A request's classad", requestAd({ machine: { ...vm.machine, line: 'qemu' }, dag: { actions: [] } })],
  ["## A plan's classad", planAd(plan)],
])('%s: the page lists its attributes', (heading, ad) => {
  expect(listed(heading)).toEqual([...ad.names()].sort());
});

test("no action can set an attribute that the page lists as a VM's", () => {
  expect(listed("## A VM's classad").filter((name) => !isReservedAttribute(name))).toEqual([]);
});

const every = listed('### Every action');

test.each([
  ['script', ScriptAction],
  ['file', FileAction],
  ['package', PackageAction],
  ['host', HostAction],
])('the page lists the fields of an action of the kind %s', (kind, { properties }) => {
  expect([...every, ...listed(`### \`${kind}\``)].sort()).toEqual(Object.keys(properties).sort());
});
