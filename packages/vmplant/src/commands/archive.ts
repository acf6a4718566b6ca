import { resolve } from 'node:path';
import { exportImage, importArchive, Warehouse } from '@vmgrid/warehouse';
import { faultHere } from '../vms/fault-here.ts';
import { probeHost } from './probe.ts';
import { reportOutcome, tell } from './report-outcome.ts';

export interface ExportOrder {
  readonly warehouse: string;
  /** Id or tag. */
  readonly image: string;
  readonly file: string;
}

/** Writes an image and all images below it to an archive. Returns the exit status. */
export const exportCommand = ({ warehouse, image, file }: ExportOrder): Promise<number> =>
  reportOutcome(async (signal) =>
    exportImage(await Warehouse.open(warehouse), { image, path: resolve(file) }, { signal, onFile: onFile('export') }),
  );

export interface ImportOrder {
  readonly warehouse: string;
  readonly file: string;
  /** A plant's state directory, which may hold earlier findings about the lines of this host. */
  readonly state: string;
  /** Also imports the memory of images that this host cannot restore: other hosts of the warehouse may. */
  readonly keepMemory: boolean;
  readonly quotaMiB: number | undefined;
}

/** Imports the images of an archive into a warehouse. Returns the exit status. */
export const importCommand = ({ warehouse, file, state, keepMemory, quotaMiB }: ImportOrder): Promise<number> =>
  reportOutcome(async (signal) => {
    const target = await Warehouse.open(warehouse, quotaMiB === undefined ? {} : { quotaMiB });
    const lines = keepMemory ? undefined : await probeHost(state, target);
    const images = await importArchive(target, resolve(file), {
      signal,
      restoreFault: lines ? faultHere(lines) : () => undefined,
      onFile: onFile('import'),
    });
    return { imageId: images.at(-1)!.imageId, images };
  });

const onFile = (phase: string) => (subject: string, state: string) => tell({ phase, subject, state });
