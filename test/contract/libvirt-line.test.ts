/** The libvirt line against a libvirtd of the tests' own. */
import { afterAll, beforeAll } from '@jest/globals';
import { type PrivateLibvirtd, startLibvirtd } from '@vmgrid/test-support/hosts/private-libvirtd.ts';
import { makeLibvirtLine } from '../../packages/lines/src/libvirt/make-libvirt-line.ts';
import { productionLineContract } from './production-line.contract.ts';

const START_MS = 60_000;

let libvirtd: PrivateLibvirtd;
beforeAll(async () => {
  libvirtd = await startLibvirtd();
}, START_MS);
afterAll(() => libvirtd?.close(), START_MS);

const configuration = () => ({ libvirt: { uri: libvirtd.uri } });

productionLineContract({
  name: 'libvirt',
  restores: false,
  suspends: true,
  os: 'tiny-1',
  guest: 'linux',
  sandboxed: true,
  make: ({ stateDirectory }, deps) => makeLibvirtLine(deps, { stateDirectory, ...configuration() }),
  configuration,
  known: () => libvirtd.domains(),
});
