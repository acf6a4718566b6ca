export { DEFAULTS, FAULT_LEVELS, type SimulationOptions } from './options.ts';
export type { SimulationReport } from './report.ts';
export { simulate } from './simulate.ts';
