export * from './content.ts';
export * from './digest.ts';
export * from './limits.ts';
export * from './match.ts';
export * from './order.ts';
export { type DagIndex, prepareDag } from './prepare.ts';
export * from './schema.ts';
export * from './validate.ts';
export type { HistoryTest, Match, Mismatch, Offender, Verdict } from './verdict.ts';
