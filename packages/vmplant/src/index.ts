export { PlantConfig } from './config.ts';
export { Manifest } from './warehouse/manifest.ts';
