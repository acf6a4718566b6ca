/** The parts of a plant, for programs that run one without a host. */
export { assemblePlant } from './assembly/assemble-plant.ts';
export type { OperatorServices, PlantPorts } from './assembly/ports.ts';
export { PlantConfig } from './config.ts';
export type { ConfigDiscStore } from './configuration/config-disc-store.ts';
export { openDatabaseInMemory } from './database.ts';
export type { RecordedRequest } from './tending/recorded-request.ts';
export { DestroyedVms } from './vms/destroyed-vms.ts';
export type { VmRecord } from './vms/vm.ts';
export type { VmStore } from './vms/vm-store.ts';
