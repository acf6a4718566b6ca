/** What operators do with the images of the plant's warehouse, over the link. */
import type { Durations } from '@vmgrid/bidding';
import {
  type CollectedWarehouse,
  type CollectImagesRequest,
  type Identified,
  type ImageReply,
  type LabelImageRequest,
  type ProgressEvent,
  requestKey,
  type VerifiedImage,
  type VerifyImagesRequest,
} from '@vmgrid/protocol';
import type { GoldenImage, Warehouse } from '@vmgrid/warehouse';
import { verifyImages } from '@vmgrid/warehouse';
import type { ReportProgress } from '../vms/phases.ts';
import { collectImages } from './image-collector.ts';
import { describeImage, describeImages } from './images.ts';

export interface ImageServiceDeps {
  readonly warehouse: Warehouse;
  readonly durations: Durations;
  readonly report: ReportProgress;
}

export class ImageService {
  readonly #deps: ImageServiceDeps;
  readonly #plantId: string;

  constructor(deps: ImageServiceDeps, { plantId }: { readonly plantId: string }) {
    this.#deps = deps;
    this.#plantId = plantId;
  }

  list(): Promise<ImageReply[]> {
    return describeImages(this.#deps.warehouse, this.#plantId);
  }

  describe(image: GoldenImage): Promise<ImageReply> {
    return describeImage(image, this.#deps.warehouse, this.#plantId);
  }

  /** @throws GridError IMAGE_UNKNOWN, IMAGE_IN_USE */
  remove(imageId: string): Promise<void> {
    return this.#deps.warehouse.remove(imageId);
  }

  /** @throws GridError IMAGE_UNKNOWN, TAG_INVALID */
  async label({ imageId, ...labels }: LabelImageRequest & { readonly imageId: string }): Promise<ImageReply> {
    const { warehouse } = this.#deps;
    return describeImage(await warehouse.label(imageId, labels), warehouse, this.#plantId);
  }

  /** @throws GridError IMAGE_UNKNOWN */
  verify({ imageIds, ...named }: Identified<VerifyImagesRequest>, signal: AbortSignal): Promise<VerifiedImage[]> {
    const { warehouse, report } = this.#deps;
    const onFile = (imageId: string, file: string, state: ProgressEvent['state']) =>
      report({
        ...requestKey(named),
        at: new Date().toISOString(),
        phase: 'verify',
        subject: `${imageId}/${file}`,
        state,
      });
    return verifyImages(warehouse, imageIds, { signal, onFile });
  }

  async collect(request: CollectImagesRequest): Promise<CollectedWarehouse> {
    const { warehouse, durations } = this.#deps;
    return { plantId: this.#plantId, ...(await collectImages(warehouse, durations, request)) };
  }
}
