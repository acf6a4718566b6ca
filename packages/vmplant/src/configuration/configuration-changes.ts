import type { VmRecord } from '../vms/vm.ts';
import { mergeAttributes } from './attributes.ts';
import type { Configuration } from './configuration.ts';

/** Returns the fields of a VM's record that a configuration changes, with their new values. */
export function configurationChanges(record: VmRecord, configuration: Configuration): Partial<VmRecord> {
  return {
    history: [...record.history, ...configuration.history],
    actionsRun: record.actionsRun + configuration.history.length,
    failedActions: [...record.failedActions, ...configuration.failedActions],
    attributes: mergeAttributes(record.attributes, configuration.attributes),
    secret: record.secret || configuration.secret,
  };
}
