export { ShopConfig } from './config.ts';
