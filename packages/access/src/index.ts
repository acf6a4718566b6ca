export * from './access.ts';
export * from './grants.ts';
export { localTokenFile, readTokenFile } from './local-token.ts';
export * from './may.ts';
export * from './principal.ts';
export * from './roles.ts';
export { TokenBook, type TokenEntry } from './token-book.ts';
