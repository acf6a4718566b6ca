import { resolve } from 'node:path';
import { GridError, OS_NAME } from '@vmgrid/protocol';
import { cloudImageId, takeCloudImage } from '../base/cloud-image.ts';
import { addBase } from './add-base.ts';
import { reportOutcome } from './report-outcome.ts';

export interface ImportCloudOrder {
  readonly file: string;
  readonly os: string;
  readonly warehouse: string;
  readonly memoryMiB: number;
}

/** Puts a cloud image into a warehouse, as a base image, unless it is there. Returns the exit status. */
export const importCloudCommand = (order: ImportCloudOrder): Promise<number> =>
  reportOutcome((signal) => {
    if (!new RegExp(OS_NAME).test(order.os)) {
      throw new GridError('REQUEST_INVALID', `--os ${order.os} does not follow ${OS_NAME}`, { os: order.os });
    }
    const cloud = { ...order, file: resolve(order.file), signal };
    const source = {
      imageId: () => cloudImageId(cloud),
      build: (directory: string) => takeCloudImage(cloud, directory),
    };
    return addBase(order.warehouse, source, signal);
  });
