/** Requests of clients to real plants whose machines are simulated. */
import type { CreateRequest, Identified } from '@vmgrid/protocol';
import { SIMULATED_MACHINE } from '@vmgrid/test-support/grids/documents.ts';

/** Scripts that come again and again; one more in each request is its own, as those of jobs are. */
const FAMILIES = 4;

/** The request of this number. */
export function simulatedRequestOf(number: number): Identified<CreateRequest> {
  const actions = [
    { id: 'common', kind: 'script' as const, script: `echo ${number % FAMILIES}` },
    { id: 'own', kind: 'script' as const, script: `echo job ${number}` },
  ];
  return {
    requestId: `age-${number}`,
    machine: SIMULATED_MACHINE,
    dag: { actions, edges: [{ from: 'common', to: 'own' }] },
    lease: 'PT1H',
  };
}
