/** What a plant is asked for by operators, which no one does in a simulation. */
import { GridError, type Offer } from '@vmgrid/protocol';

const refuse = async (): Promise<never> => {
  throw new GridError('REQUEST_INVALID', 'there are no operators in a simulation');
};

export const noImageDesk = {
  list: refuse,
  label: refuse,
  verify: refuse,
  collect: refuse,
  describe: refuse,
  remove: refuse,
};
export const noImageWork = { build: refuse };

/** Builds nothing unasked. */
export const noSelfTending = {
  advisor: { suggestions: refuse },
  during: <T>(work: () => Promise<T>): Promise<T> => work(),
  offer: (make: () => Promise<Offer>): Promise<Offer> => make(),
};
