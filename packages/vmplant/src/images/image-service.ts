/** Operators' work on the images of the plant's warehouse, over the link. */
import type { Durations } from '@vmgrid/bidding';
import {
  type CollectedWarehouse,
  type CollectImagesRequest,
  IDENTITY_FAULT,
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
import type { IdentityCheck } from '../identity/identity-check.ts';
import type { ReportProgress } from '../vms/phases.ts';
import { collectImages } from './image-collector.ts';
import { describeImage, describeImages } from './images.ts';

export interface ImageServiceDeps {
  readonly warehouse: Warehouse;
  readonly durations: Durations;
  readonly report: ReportProgress;
  readonly identityCheck: Pick<IdentityCheck, 'sharedBy'>;
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

  /**
   * Reads the files of images and of all images below them. When identity is to be checked too, it starts two clones of
   * each named image without a fault. @throws GridError IMAGE_UNKNOWN, and errors that keep a clone from starting
   */
  async verify(request: Identified<VerifyImagesRequest>, signal: AbortSignal): Promise<VerifiedImage[]> {
    const verified = await this.#verifyFiles(request, signal);
    if (!request.identity) return verified;
    const checked: VerifiedImage[] = [];
    for (const image of verified) checked.push(await this.#verifyIdentity(image, request, signal));
    return checked;
  }

  async #verifyIdentity(
    verified: VerifiedImage,
    request: Identified<VerifyImagesRequest>,
    signal: AbortSignal,
  ): Promise<VerifiedImage> {
    const { imageId, faults } = verified;
    if (faults.length > 0 || request.imageIds?.includes(imageId) === false) return verified;
    const { warehouse, identityCheck } = this.#deps;
    const shared = await identityCheck.sharedBy(await warehouse.inventory.image(imageId), request, signal);
    if (shared.length === 0) return verified;
    const what = shared.map(({ name, value }) => `${name} (${value})`).join(', ');
    const fault = { file: IDENTITY_FAULT, reason: `its clones share ${what}` };
    warehouse.inventory.quarantine.add({ imageId, ...fault });
    return { ...verified, faults: [fault] };
  }

  #verifyFiles({ imageIds, ...named }: Identified<VerifyImagesRequest>, signal: AbortSignal): Promise<VerifiedImage[]> {
    const { warehouse, report } = this.#deps;
    const onFile = (imageId: string, file: string, state: ProgressEvent['state']) =>
      report({
        ...requestKey(named),
        at: new Date().toISOString(),
        phase: 'verify',
        subject: `${imageId}/${file}`,
        state,
      });
    return verifyImages(warehouse.inventory, imageIds, { signal, onFile });
  }

  async collect(request: CollectImagesRequest): Promise<CollectedWarehouse> {
    const { warehouse, durations } = this.#deps;
    return { plantId: this.#plantId, ...(await collectImages(warehouse, durations, request)) };
  }
}
