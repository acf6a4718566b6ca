export * from './clock.ts';
export * from './command.ts';
export * from './config.ts';
export * from './files.ts';
export * from './lifecycle.ts';
export * from './log.ts';
export * from './process-identity.ts';
export * from './undo.ts';
