/** Long work on golden images, as operations. */
import type { Operation, OperationService } from '@vmgrid/http-api';
import type {
  BuildImageReply,
  BuildImageRequest,
  Called,
  CollectImagesRequest,
  Identified,
  VerifyImagesRequest,
} from '@vmgrid/protocol';
import type { ImageCatalogue } from './image-catalogue.ts';

export interface ImageWorkDeps {
  readonly operationService: OperationService;
  readonly images: ImageCatalogue;
  /** Builds the image on the plant with the best bid. */
  readonly build: (request: Identified<BuildImageRequest>, operation: Operation) => Promise<BuildImageReply>;
}

export class ImageWork {
  readonly #deps: ImageWorkDeps;

  constructor(deps: ImageWorkDeps) {
    this.#deps = deps;
  }

  /** The operation's result is a BuildImageReply. */
  build(request: Called<BuildImageRequest>): Operation {
    return this.#deps.operationService.begin('build-image', request, this.#deps.build);
  }

  /** Checks images. The operation's result is a VerifyImagesReply. */
  verify(request: Called<VerifyImagesRequest>): Operation {
    return this.#deps.operationService.begin('verify-images', request, (identified, { cancelled }) =>
      this.#deps.images.verify(identified, cancelled),
    );
  }

  /** Compares guests. The operation's result is an EqualityReply. */
  verifyEqual(request: Called<BuildImageRequest>): Operation {
    return this.#deps.operationService.begin('verify-equal', request, (identified, { cancelled }) =>
      this.#deps.images.verifyEqual(identified, cancelled),
    );
  }

  /** Makes room in the warehouses. The operation's result is a CollectImagesReply. */
  collect(request: Called<CollectImagesRequest>): Operation {
    return this.#deps.operationService.begin('collect-images', request, (identified) =>
      this.#deps.images.collect(identified),
    );
  }
}
