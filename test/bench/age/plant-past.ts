/** Writes into the database of a plant what one has that is old, with the plant's own classes. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { durationKey, RequestFingerprints } from '@vmgrid/bidding';
import { systemClock } from '@vmgrid/daemon';
import { digestAction } from '@vmgrid/dag';
import { LearntDurations } from '../../../packages/vmplant/src/creation/durations.ts';
import { openDatabase } from '../../../packages/vmplant/src/database.ts';
import { type CompletedCreation, recordedRequest } from '../../../packages/vmplant/src/tending/recorded-request.ts';
import { RequestLog } from '../../../packages/vmplant/src/tending/request-log.ts';
import { DestroyedVms } from '../../../packages/vmplant/src/vms/destroyed-vms.ts';
import { ownerNames } from '../load/owners.ts';
import type { Past } from './past.ts';
import { simulatedRequestOf } from './simulated-request.ts';

export interface PlantFolder {
  readonly plantId: string;
  readonly stateDirectory: string;
}

/** Requests of before have numbers below 0: none of them comes again. */
const before = (number: number) => simulatedRequestOf(-1 - number);

export function writePlantPast({ plantId, stateDirectory }: PlantFolder, past: Past): void {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o711 });
  const database = openDatabase(join(stateDirectory, 'plant.sqlite'));
  const destroyedVms = new DestroyedVms(database, { requests: new RequestFingerprints(), clock: systemClock });
  const [durations, log] = [new LearntDurations(database), new RequestLog(database)];
  const owners = ownerNames();
  for (let number = 0; number < past.destroyedVms; number++) {
    const { requestId, machine } = before(number);
    const vmId = `vm-${plantId}-past-${number}`;
    destroyedVms.add(vmId, `${plantId}-${requestId}`, {
      ...{ MyType: 'VM', VmId: vmId, RequestId: `${plantId}-${requestId}`, PlantId: plantId, State: 'destroyed' },
      ...{ MemoryMiB: machine.memoryMiB, DiskMiB: machine.diskMiB, Owner: owners[number % owners.length]! },
    });
  }
  for (let number = 0; number < past.actions; number++) {
    const [, own] = before(number).dag.actions;
    durations.learn(durationKey.action(digestAction(own!)), 1 + (number % 60));
  }
  for (let number = 0; number < past.requests; number++) {
    const request = before(number);
    log.add(
      recordedRequest(
        request,
        creation(
          Date.now(),
          request.dag.actions.map(({ id }) => id),
        ),
      ),
      request.dag,
    );
  }
  database.close();
}

/** The part of a creation that a record contains. */
const creation = (at: number, ids: readonly string[]): CompletedCreation =>
  ({
    ...{ at, phasesMs: { clone: 1, boot: 2, configure: 3 } },
    plan: { image: { manifest: { id: 'past' } }, line: 'simulated', start: 'boot' },
    configuration: { history: ids.map((id) => ({ id, seconds: 1 })) },
  }) as unknown as CompletedCreation;
