import { createLog, makeFolder } from '@vmgrid/daemon';
import { HOST_LINES, makeLines, NO_IMAGES, ProbedLines } from '@vmgrid/lines';
import { type ImageInventory, Warehouse } from '@vmgrid/warehouse';

export interface ProbeOrder {
  /** Folder where what the lines of this host can do may be known already. */
  readonly state: string;
  /** With the images whose kernel KVM is tried with; empty, it is not tried. */
  readonly warehouse: string;
}

/** Prints what each production line can do on this host, as JSON. Returns the exit status. */
export async function probeCommand({ state, warehouse }: ProbeOrder): Promise<number> {
  const probed = await probeHost(state, warehouse === '' ? undefined : await Warehouse.open(warehouse));
  process.stdout.write(`${JSON.stringify([...probed.reports.values()])}\n`);
  return 0;
}

/** Tries each line of a host, outside of a plant. */
export async function probeHost(
  stateDirectory: string,
  warehouse: { readonly inventory: Pick<ImageInventory, 'images'> } | undefined,
): Promise<ProbedLines> {
  makeFolder(stateDirectory, 0o711);
  const images = warehouse === undefined ? NO_IMAGES : () => warehouse.inventory.images();
  const lines = makeLines(HOST_LINES, { stateDirectory, images });
  return ProbedLines.probe({ lines, images, log: createLog('vmplant', 'error') });
}
