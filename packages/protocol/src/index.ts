export * from './schema/machine.ts';
