/** The operators' commands for the images of a virtual warehouse. */
import { GridError, type ImageReply } from '@vmgrid/protocol';
import type { OperatorServices } from '@vmgrid/vmplant';
import type { GoldenImage } from '@vmgrid/warehouse';
import type { VirtualWarehouse } from './virtual-warehouse.ts';

const refuse = async (): Promise<never> => {
  throw new GridError('REQUEST_INVALID', 'a simulation does not do this');
};

interface Names {
  readonly plantId: string;
  readonly warehouseId: string;
}

export function virtualImageService(warehouse: VirtualWarehouse, names: Names): OperatorServices['imageService'] {
  const describe = (image: GoldenImage) => descriptionOf(image, names);
  return {
    ...{ label: refuse, verify: refuse, collect: refuse },
    list: async () => [...(await warehouse.inventory.images()).values()].map(describe),
    describe: async (image) => describe(image),
    remove: (imageId) => warehouse.remove(imageId),
  };
}

function descriptionOf({ manifest }: GoldenImage, { plantId, warehouseId }: Names): ImageReply {
  const { id: imageId, machine, line, createdAt, createdBy, history } = manifest;
  return {
    ...{ imageId, machine, line, createdAt, createdBy, tags: [], pinned: false, parents: [], hits: 0 },
    suspended: manifest.memory !== undefined,
    history: history.map((entry) => ({ ...entry, imageId, madeBy: createdBy })),
    ...{ ownBytes: 0, sharedBytes: 0, virtualBytes: 0, children: [], usedBy: [] },
    ...{ warehouses: [warehouseId], plants: [plantId] },
  };
}
