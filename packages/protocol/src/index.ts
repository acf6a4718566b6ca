export * from './errors/catalogue.ts';
export * from './errors/grid-error.ts';
export * from './schema/machine.ts';
