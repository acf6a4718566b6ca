import { createLog, makeFolder } from '@vmgrid/daemon';
import { HOST_LINES, makeLines, NO_IMAGES, ProbedLines } from '@vmgrid/lines';
import { type ImageInventory, Warehouse } from '@vmgrid/warehouse';

export interface ProbeOrder {
  /** A folder that may hold earlier findings about the lines of this host. */
  readonly state: string;
  /** The warehouse with the images whose kernels KVM is tried with; empty, it is not tried. */
  readonly warehouse: string;
}

/** Prints the abilities of each production line on this host, as JSON. Returns the exit status. */
export async function probeCommand({ state, warehouse }: ProbeOrder): Promise<number> {
  const probed = await probeHost(state, warehouse === '' ? undefined : await Warehouse.open(warehouse));
  process.stdout.write(`${JSON.stringify([...probed.reports.values()])}\n`);
  return 0;
}

/** Probes each line of a host, outside a plant. */
export async function probeHost(
  stateDirectory: string,
  warehouse: { readonly inventory: Pick<ImageInventory, 'images'> } | undefined,
): Promise<ProbedLines> {
  makeFolder(stateDirectory, 0o711);
  const images = warehouse === undefined ? NO_IMAGES : () => warehouse.inventory.images();
  const lines = makeLines(HOST_LINES, { stateDirectory, images });
  return ProbedLines.probe({ lines, images, log: createLog('vmplant', 'error') });
}
