import { EventEmitter } from 'node:events';
import type { ProgressEvent } from '@vmgrid/protocol';

/** Events of a plant whose listeners are made after the part that emits them. */
interface PlantEventMap {
  /** Emitted when the resources that machines use on the host have changed. */
  usage: [];
  progress: [event: ProgressEvent];
  leaseEnding: [vmId: string];
  leaseEnded: [vmId: string];
}

export class PlantEvents extends EventEmitter<PlantEventMap> {}
