/** A client's deeds with a VM between its creation and its end. */
import type { VmReply } from '@vmgrid/protocol';
import type { Shop } from '@vmgrid/vmshop';
import { actionTaking } from '../plant/virtual-guest.ts';
import type { Random } from '../world/random.ts';

export const DEED_KINDS = ['configure', 'suspend', 'resume', 'renew'] as const;
export type DeedKind = (typeof DEED_KINDS)[number];

export interface Deed {
  readonly kind: DeedKind;
  /** After the deed before it. */
  readonly afterMs: number;
  readonly requestId: string;
}

export interface DeedOptions {
  /** Most deeds with one VM. */
  readonly most: number;
  readonly everyMs: number;
}

/** Draws the deeds of one client, in their order: it mostly resumes next what it has suspended. */
export function drawDeeds(of: string, random: Random, { most, everyMs }: DeedOptions): readonly Deed[] {
  const count = random.integer(0, most);
  const kinds: DeedKind[] = [];
  while (kinds.length < count) {
    const follows = kinds.at(-1) === 'suspend' && random.chance(0.8);
    kinds.push(follows ? 'resume' : random.pick(DEED_KINDS));
  }
  return kinds.map((kind, index) => ({
    ...{ kind, afterMs: random.exponential(everyMs), requestId: `${kind}-${index + 1}-of-${of}` },
  }));
}

const CONFIGURE_MS = 1_500;

export interface DeedTarget {
  readonly vmId: string;
  /** For a renewal. */
  readonly lease: string;
}

/** Asks a shop for the deed. */
export function doDeed(shop: Shop, { kind, requestId }: Deed, { vmId, lease }: DeedTarget): Promise<VmReply> {
  const request = { vmId, requestId };
  switch (kind) {
    case 'configure': {
      const action = actionTaking('more', CONFIGURE_MS, requestId);
      return shop.configure({ ...request, dag: { actions: [action], edges: [] } }).settled as Promise<VmReply>;
    }
    case 'suspend':
      return shop.suspend(request).settled as Promise<VmReply>;
    case 'resume':
      return shop.resume(request).settled as Promise<VmReply>;
    case 'renew':
      return shop.renew({ ...request, lease }).settled as Promise<VmReply>;
  }
}

/**
 * Returns the state of a VM whose client was told that the deed is done; undefined when several states are possible.
 */
export function stateAfter(kind: DeedKind): string | undefined {
  if (kind === 'suspend') return 'suspended';
  return kind === 'resume' ? 'running' : undefined;
}
