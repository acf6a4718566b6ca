/** What a plant does unasked, which it does not do in a simulation. */
import { GridError, type ReplayableRequest } from '@vmgrid/protocol';

/** Builds nothing unasked. */
export const noSelfTending = {
  advisor: {
    suggestions: async (): Promise<never> => {
      throw new GridError('REQUEST_INVALID', 'nobody asks for suggestions in a simulation');
    },
  },
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
