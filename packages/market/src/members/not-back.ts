import { nameSome } from '@vmgrid/protocol';

/** Lists the missing members in words, such as `plant-1 and plant-2 have not come back yet`. */
export const notBack = (plantIds: readonly string[]): string =>
  `${nameSome(plantIds)} ${plantIds.length === 1 ? 'has' : 'have'} not come back yet`;
