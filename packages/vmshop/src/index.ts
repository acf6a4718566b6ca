export { CancelledCreates } from './cancelled-creates.ts';
export { ShopConfig } from './config.ts';

/** The shop itself, for whoever drives one without endpoints. */
export { PlantFeed } from './plant-feed.ts';
export { Shop } from './shop.ts';
export { VmEvents } from './vm-events.ts';
