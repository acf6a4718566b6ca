import { ClassAd } from '@vmgrid/classad';
import type { CreateRequest } from '../schema/requests.ts';

/**
 * Returns the request as the ad MY of `requirements`, `rank` and cost expressions: its machine, and the size of its
 * configuration.
 */
export function requestAd({ machine, dag }: Pick<CreateRequest, 'machine' | 'dag'>): ClassAd {
  return ClassAd.of({
    MyType: 'Request',
    Arch: machine.arch,
    Os: machine.os,
    MemoryMiB: machine.memoryMiB,
    Cpus: machine.cpus,
    DiskMiB: machine.diskMiB,
    ...(machine.line === undefined ? {} : { Line: machine.line }),
    ActionCount: dag.actions.length,
  });
}
