/** Starts two clones of an image, each for one look, and tells what they share that no two machines may. */
import type { Admission } from '@vmgrid/bidding';
import { type Clock, UndoStack } from '@vmgrid/daemon';
import { GridError, type Identified, requestKey, type VerifyImagesRequest } from '@vmgrid/protocol';
import type { GoldenImage, Warehouse } from '@vmgrid/warehouse';
import type { PlantConfig } from '../config.ts';
import { type ExecutionDeps, executePlan } from '../creation/execute-plan.ts';
import type { VmNames } from '../vms/identity.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';
import { lookScript, type SharedTrait, sharedTraits, type TraitValues } from './must-differ.ts';

export interface IdentityCheckDeps {
  readonly execution: ExecutionDeps;
  readonly warehouse: Pick<Warehouse, 'stage' | 'acquire' | 'references'>;
  readonly admission: Admission;
  readonly report: ReportProgress;
  readonly clock: Clock;
  readonly nameVm: () => VmNames;
}

/** On whose behalf. */
type Asked = Identified<VerifyImagesRequest>;

const LOOK = { id: 'look', kind: 'script', script: lookScript() } as const;

export class IdentityCheck {
  readonly #deps: IdentityCheckDeps;
  readonly #config: PlantConfig;

  constructor(deps: IdentityCheckDeps, config: PlantConfig) {
    this.#deps = deps;
    this.#config = config;
  }

  /** @throws GridError LINE_UNAVAILABLE, a decline, or what failed on the way; nothing is left of the clones. */
  async sharedBy(image: GoldenImage, asked: Asked, signal: AbortSignal): Promise<readonly SharedTrait[]> {
    const one = await this.#look(image, asked, signal);
    return sharedTraits(one, await this.#look(image, asked, signal));
  }

  async #look(image: GoldenImage, asked: Asked, signal: AbortSignal): Promise<TraitValues> {
    const { execution, clock, report } = this.#deps;
    const names = this.#deps.nameVm();
    const undo = new UndoStack();
    try {
      const directory = await this.#acquire(names.vmId, image, undo);
      const phases = new Phases(clock, requestKey(asked), report);
      const { configuration } = await executePlan(
        this.#job(names, image, { directory, phases }),
        execution,
        undo,
        signal,
      );
      return configuration.attributes;
    } finally {
      await undo.unwind();
    }
  }

  /** Room, the image, and a folder, which is returned. */
  async #acquire(user: string, { manifest }: GoldenImage, undo: UndoStack): Promise<string> {
    const { admission, warehouse, execution } = this.#deps;
    if (!execution.lines.has(manifest.line)) {
      throw new GridError(
        'LINE_UNAVAILABLE',
        `this plant cannot start ${manifest.id}: it has no line ${manifest.line}`,
      );
    }
    const staging = await warehouse.stage();
    undo.push('staging', () => staging.discard());
    admission.reserve(user, { ...manifest.machine, givesWay: false });
    undo.push('admission', () => admission.release(user));
    await warehouse.acquire(manifest.id, user);
    undo.push('image reference', () => warehouse.references.drop(manifest.id, user));
    return staging.directory;
  }

  #job(
    { vmId, hostName, macAddress }: VmNames,
    image: GoldenImage,
    { directory, phases }: { readonly directory: string; readonly phases: Phases },
  ) {
    const { machine, line, memory } = image.manifest;
    const order = {
      ...{ vmId, directory, machine, image, macAddress, guestNetwork: this.#config.guestNetwork },
      purpose: 'clone',
      start: memory ? 'restore' : 'boot',
    } as const;
    return {
      ...{ order, line, phases, identity: { hostName, macAddress }, actions: [LOOK] },
      describe: () => '',
      started: async () => undefined,
      opened: async () => this.#deps.admission.made(vmId),
    };
  }
}
