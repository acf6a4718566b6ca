export { ShopConfig } from './config.ts';

/** The shop itself, for whoever drives one without doors. */
export { PlantFeed } from './plant-feed.ts';
export { Shop } from './shop.ts';
export { VmEvents } from './vm-events.ts';
