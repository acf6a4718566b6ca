import { EventEmitter } from 'node:events';
import type { ProgressEvent } from '@vmgrid/protocol';

/** What happens in a plant that parts hear of which are made after the one that tells it. */
interface PlantEventMap {
  /** What machines take of the host has changed. */
  usage: [];
  progress: [event: ProgressEvent];
  leaseEnding: [vmId: string];
  leaseEnded: [vmId: string];
}

export class PlantEvents extends EventEmitter<PlantEventMap> {}
