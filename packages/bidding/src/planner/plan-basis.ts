import type { Durations } from '../durations.ts';
import type { LineReports } from './ways-to-start.ts';

/** The data that plans depend on besides the request: a plant's images, lines and learnt durations. */
export interface PlanBasis<Images> {
  readonly images: Images;
  readonly lines: LineReports;
  readonly durations: Durations;
}
