/** The side of a process that makes requests: does what the bench asks for, one order after the other. */
import { type Repeated, type RepeatOptions, repeat } from './repeat.ts';

/** The requests to a shop, each with its number. */
export interface ShopWork {
  /** A VM, until it is there. */
  create(number: number): Promise<unknown>;
  /** The auction alone. */
  estimate(number: number): Promise<unknown>;
  /** A VM, until it is gone again. */
  createAndDestroy(number: number): Promise<unknown>;
}

export interface LoadOrder extends RepeatOptions {
  readonly work: keyof ShopWork;
}

/** No two requests of a process have a number. */
export function serveLoad(shop: ShopWork): (order: LoadOrder) => Promise<Repeated> {
  let next = 0;
  return ({ work, ...options }) => repeat(() => shop[work](next++), options);
}
