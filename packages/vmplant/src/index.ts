export { PlantConfig } from './config.ts';
