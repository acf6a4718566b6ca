/** The work that a plant does not do in a simulation: it needs the files of images, or real guests. */
import { GridError, type ReplayableRequest } from '@vmgrid/protocol';

/** Never builds an image unasked. */
export const noSelfTending = {
  advisor: {
    suggestions: async (): Promise<never> => {
      throw new GridError('REQUEST_INVALID', 'nobody asks for suggestions in a simulation');
    },
  },
  record: () => undefined,
  recorded: async (): Promise<readonly ReplayableRequest[]> => [],
  during: <T>(work: () => Promise<T>): Promise<T> => work(),
};

/** Nobody uploads files. */
export const noUploads = {
  put: async (): Promise<never> => {
    throw new GridError('REQUEST_INVALID', 'nobody uploads files in a simulation');
  },
  keep: async (): Promise<void> => undefined,
};

export const noEqualityCheck = { check: () => Promise.reject(new Error('guests on paper are not compared')) };
