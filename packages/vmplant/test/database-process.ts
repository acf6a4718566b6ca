/** Opens the database, says so, and keeps it until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LearntDurations } from '../src/creation/durations.ts';
import { openDatabase } from '../src/database.ts';

const database = openDatabase(process.argv[2]!);
new LearntDurations(database).learn('learnt-by-another', 3);
console.log('open');
await sleep(60_000);
