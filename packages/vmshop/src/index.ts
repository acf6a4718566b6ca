export { ShopConfig } from './config.ts';
/** The shop itself, for whoever drives one without endpoints. */
export { PlantFeed } from './plants/plant-feed.ts';
export { CancelledCreates } from './requests/cancelled-creates.ts';
export { Shop } from './shop.ts';
export { VmEvents } from './vms/vm-events.ts';
