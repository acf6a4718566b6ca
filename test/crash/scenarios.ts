/** The work in progress while something is killed: each kind of work that changes a VM or an image. */
import { type CollectImagesReply, GridError, type MachineSpec, type VerifyImagesReply } from '@vmgrid/protocol';
import { dag, script } from '@vmgrid/test-support/grids/documents.ts';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { type Answer, momentary, type Site } from './site.ts';

export interface Work {
  /** Asks for it, and again under the same id. */
  ask(): Promise<unknown>;
  /** Notes what the client was told, and says what of it is not so. */
  heard(answer: Answer<never>): Promise<readonly string[]>;
  /** Takes away what it was done with. */
  clear(): Promise<unknown>;
}

/** Makes what the work needs, and hands out the work. */
export type Scenario = (site: Site) => Promise<Work>;

const nothing = async () => undefined;
const GOLDEN = momentary('golden');

/** Makes the images that scenarios start from, and keeps them from being collected. */
export async function stock({ grid, machine }: Site): Promise<void> {
  const { image } = await grid.client.buildImage({ machine, dag: dag([GOLDEN]) });
  await grid.client.labelImage(image.imageId, { pinned: true });
}

const creation =
  (verb: string, actions: Parameters<typeof dag>[0], more: Partial<MachineSpec> = {}): Scenario =>
  async (site) => {
    const requestId = site.newId(verb);
    const request = { requestId, machine: { ...site.machine, ...more }, dag: dag(actions) };
    const ask = () => site.grid.client.create(request);
    let vmId: string | undefined;
    return {
      ask,
      async heard(answer) {
        if ('error' in answer) return [];
        vmId = site.promised(answer.value);
        // Every repeated request gets the same VM, also from a shop that knows nothing.
        const again = await site.untilAnswered(ask);
        const same = 'value' in again && again.value.vm.VmId === vmId;
        return same ? [] : [`${requestId} made ${vmId}, and asked again ${JSON.stringify(again)}`];
      },
      clear: async () => {
        if (vmId !== undefined) await site.destroy(vmId);
      },
    };
  };

/** Something that is done with a VM which is there; `states` it may be in afterwards. */
const atVm =
  (verb: string, states: readonly string[], work: (site: Site, vmId: string, id: string) => Promise<unknown>) =>
  async (site: Site): Promise<Work> => {
    const vmId = await site.newVm();
    const id = site.newId(verb);
    return {
      ask: () => work(site, vmId, id),
      async heard(answer) {
        site.vms.set(vmId, 'error' in answer ? [...states, 'running', 'suspended', 'failed'] : states);
        return [];
      },
      clear: () => site.destroy(vmId),
    };
  };

const configure: Scenario = atVm('configure', ['running'], ({ grid }, vmId, requestId) =>
  grid.client.configure({ vmId, requestId, dag: dag([momentary('one'), momentary('two')]) }),
);
const suspend: Scenario = atVm('suspend', ['suspended'], ({ grid }, vmId, idempotencyKey) =>
  grid.client.suspend(vmId, { idempotencyKey }),
);

const resume: Scenario = async (site) => {
  const vmId = await site.newVm();
  await site.grid.client.suspend(vmId);
  const idempotencyKey = site.newId('resume');
  return {
    ask: () => site.grid.client.resume(vmId, { idempotencyKey }),
    async heard(answer) {
      site.vms.set(vmId, 'error' in answer ? ['running', 'suspended', 'failed'] : ['running']);
      return [];
    },
    clear: () => site.destroy(vmId),
  };
};

const destroy: Scenario = async (site) => {
  const vmId = await site.newVm({ destruction: dag([momentary('farewell')]) });
  const idempotencyKey = site.newId('destroy');
  site.vms.delete(vmId); // from now on it may be gone
  return {
    ask: () => site.grid.client.destroy(vmId, { idempotencyKey }),
    async heard(answer) {
      const state = 'error' in answer ? answer.error.code : (answer.value as { vm: { State: string } }).vm.State;
      if (state !== 'destroyed') return [`the answer to destroy says that ${vmId} is ${state}`];
      // A shop that has just begun tells for plants that are not back what it was told last, and marks it so.
      const { vms } = await site.grid.client.list();
      const isThere = vms.some(({ VmId, PlantReached }) => VmId === vmId && PlantReached !== false);
      return isThere ? [`${vmId} was destroyed and is there`] : [];
    },
    clear: nothing,
  };
};

const leaseEnd: Scenario = async (site) => {
  const vmId = await site.newVm({ lease: 'PT1S', destruction: dag([momentary('farewell')]) });
  site.vms.delete(vmId);
  const isGone = async () => {
    const { vms, silentPlants } = await site.grid.client.list().catch(() => ({ vms: [], silentPlants: ['all'] }));
    return silentPlants.length === 0 && !vms.some(({ VmId }) => VmId === vmId);
  };
  return { ask: () => eventually(`${vmId} is gone`, isGone, 60_000), heard: async () => [], clear: nothing };
};

/** Cancels a create amid its actions, which have no end. Whoever dies meanwhile: no VM comes of it. */
const cancel: Scenario = async (site) => {
  const { client } = site.grid;
  const requestId = site.newId('cancel');
  const request = { requestId, machine: site.machine, dag: dag([momentary('first'), script('endless', 'sleep 600')]) };
  // A shop that was started again knows the work by its VM alone.
  const constraint = `RequestId == "${requestId}" && State == "configuring"`;
  const isUnderWay = async () =>
    (await client.list({ constraint })).vms.length > 0 || (await client.operation(requestId)).state !== 'running';
  const ask = async (): Promise<void> => {
    if ((await codeOf(client.submitCreate(request))) === 'REQUEST_CANCELLED') return;
    await eventually(`${requestId} runs its actions`, isUnderWay);
    const { error } = await client.cancel(requestId);
    if (error?.code !== 'REQUEST_CANCELLED') throw GridError.fromBody(error ?? DONE);
  };
  return {
    /** To a shop that was started again before anything was made, the request is new. */
    ask: () => ask().catch((error) => (error.code === 'REQUEST_UNKNOWN' ? ask() : Promise.reject(error))),
    async heard(answer) {
      if ('error' in answer) return [`${requestId} was not cancelled: ${answer.error.code} ${answer.error.message}`];
      const again = await site.untilAnswered(() => codeOf(client.submitCreate(request)));
      const isRefused = 'value' in again && again.value === 'REQUEST_CANCELLED';
      return isRefused ? [] : [`${requestId} was cancelled, and asked again ${JSON.stringify(again)}`];
    },
    clear: nothing,
  };
};

const DONE = { code: 'INTERNAL', message: 'a create without an end is done' };

/** What came of asking for something that may be cancelled by now. @throws what else it fails with */
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: GridError) => (error.code === 'REQUEST_CANCELLED' ? error.code : Promise.reject(error)),
  );

const build: Scenario = async (site) => {
  const requestId = site.newId('build');
  const request = { requestId, machine: site.machine, dag: dag([momentary(requestId)]) };
  let imageId: string | undefined;
  return {
    ask: () => site.grid.client.buildImage(request),
    async heard(answer) {
      if ('error' in answer) return [];
      imageId = (answer.value as { image: { imageId: string } }).image.imageId;
      return faultsOf(site, imageId);
    },
    clear: async () => {
      if (imageId !== undefined) await site.grid.client.removeImage(imageId);
    },
  };
};

/** Checks an image that is there: whoever is asked for it finds it, and finds it whole. */
const verify: Scenario = async (site) => {
  const answer = await site.untilAnswered(() => site.grid.client.images());
  if ('error' in answer) throw answer.error;
  const imageIds = answer.value.images.filter(({ pinned }) => pinned).map(({ imageId }) => imageId);
  const requestId = site.newId('verify');
  return {
    ask: async () => {
      await site.grid.client.submitVerifyImages({ requestId, imageIds });
      return resultOf<VerifyImagesReply>(site, requestId);
    },
    async heard(answer) {
      if ('error' in answer) return [`${imageIds} could not be verified: ${answer.error.code} ${answer.error.message}`];
      const { images } = answer.value as VerifyImagesReply;
      const isWhole = images.length > 0 && images.every(({ faults }) => faults.length === 0);
      return isWhole ? [] : [`${imageIds} are not whole: ${JSON.stringify(images)}`];
    },
    clear: nothing,
  };
};

/** Makes room until only what is pinned is left. */
const collect: Scenario = async (site) => {
  const { image } = await site.grid.client.buildImage({
    machine: site.machine,
    dag: dag([momentary(site.newId('doomed'))]),
  });
  const requestId = site.newId('collect');
  return {
    ask: async () => {
      await site.grid.client.submitCollectImages({ requestId, targetMiB: 0 });
      return resultOf<CollectImagesReply>(site, requestId);
    },
    async heard(answer) {
      if ('error' in answer) return [];
      const { warehouses } = answer.value as CollectImagesReply;
      const gone = warehouses.flatMap((one) => one.images.filter(({ verdict }) => verdict === 'remove'));
      const { images } = await site.grid.client.images();
      const there = gone.filter(({ imageId }) => images.some((one) => one.imageId === imageId));
      return there.map(({ imageId }) => `${imageId} was collected and is there`);
    },
    // A plant that was away is named in the reply, and its warehouse was not collected.
    clear: () => site.untilAnswered(() => site.grid.client.removeImage(image.imageId)),
  };
};

/**
 * Returns the result of long work. @throws GridError with which it failed; SHOP_UNREACHABLE while the shop cannot be
 * asked
 */
async function resultOf<T>({ grid }: Site, requestId: string): Promise<T> {
  for await (const _ of grid.client.events(requestId));
  const { result, error } = await grid.client.operation(requestId);
  if (error) throw GridError.fromBody(error);
  return result as T;
}

async function faultsOf(site: Site, imageId: string): Promise<string[]> {
  const { requestId } = await site.grid.client.submitVerifyImages({ imageIds: [imageId] });
  const { images } = await resultOf<{ images: readonly { faults: readonly unknown[] }[] }>(site, requestId);
  const faults = images.flatMap((image) => image.faults);
  return images.length > 0 && faults.length === 0 ? [] : [`${imageId} is not whole: ${JSON.stringify(images)}`];
}

export const SCENARIOS = {
  // No machine is suspended with that much memory: this one boots.
  create: creation('create', [momentary('first'), momentary('second')], { memoryMiB: 160 }),
  clone: creation('clone', [GOLDEN, momentary('second')]),
  ...{ configure, suspend, resume, destroy, cancel, leaseEnd, build, verify, collect },
} as const satisfies Record<string, Scenario>;

export type Verb = keyof typeof SCENARIOS;
export const VERBS = Object.keys(SCENARIOS) as Verb[];
/** Where a machine takes seconds: what a line has a part in. */
export const VERBS_ON_QEMU: readonly Verb[] = ['create', 'clone', 'configure', 'suspend', 'resume', 'destroy', 'build'];
