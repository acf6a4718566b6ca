/** The shop itself, for whoever drives one without doors. */
export { CancelledCreates } from './cancelled-creates.ts';
export { ShopConfig } from './config.ts';
export { PlantFeed } from './plant-feed.ts';
export { Shop } from './shop.ts';
export { VmEvents } from './vm-events.ts';
