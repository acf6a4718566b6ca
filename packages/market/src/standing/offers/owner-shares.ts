/**
 * Finds by owner what it has, and may have, on the plants that limit owners. A look-up costs as much as the owner has
 * plants.
 */
import { declineOf, NOTHING_USED, ownerFingerprint, ownerLackOf, ownerRefusalOf } from '@vmgrid/bidding';
import {
  type Decline,
  GridError,
  type MachineSpec,
  type OwnerLimits,
  type OwnerShare,
  STANDING_LIMITS,
  type StandingChange,
} from '@vmgrid/protocol';
import type { StandingPlant } from './standing-plant.ts';

/** The shares of one plant, as long as its link lasts. */
export interface SharesOfPlant {
  /** @throws GridError LINK_PROTOCOL for too many */
  change(owners: NonNullable<StandingChange['owners']>): void;
  /** Drops all shares of the plant. */
  end(): void;
}

/** Requests whose owners are limited alike, as long as they have nothing. */
export interface OwnerClass {
  readonly key: string;
  /** Why an owner that has nothing there may not have such a machine on the plant. */
  refusal(machine: MachineSpec, plant: StandingPlant): GridError | undefined;
}

export const NOBODY: OwnerClass = { key: 'nobody', refusal: () => undefined };

const OTHERS: OwnerClass = {
  key: 'others',
  refusal: (machine, { terms }) => ownerRefusalOf(machine, { used: NOTHING_USED, limits: terms.others }),
};

interface SharesOfOwner {
  readonly byPlant: Map<string, OwnerShare>;
  /** Plants that give it limits of its own. */
  named: number;
}

export class OwnerShares {
  readonly #owners = new Map<string, SharesOfOwner>();

  begin(plantId: string, owners: Readonly<Record<string, OwnerShare>>): SharesOfPlant {
    const fingerprints = new Map<string, OwnerShare>();
    const shares: SharesOfPlant = {
      change: (changed) => {
        for (const [fingerprint, share] of Object.entries(changed)) {
          this.#put(fingerprint, plantId, share ?? undefined);
          if (share) fingerprints.set(fingerprint, share);
          else fingerprints.delete(fingerprint);
        }
        if (fingerprints.size > STANDING_LIMITS.owners) throw tooMany(plantId);
      },
      end: () => {
        for (const [fingerprint, share] of fingerprints)
          if (this.#shareOf(fingerprint, plantId) === share) this.#put(fingerprint, plantId);
      },
    };
    shares.change(owners);
    return shares;
  }

  classOf(owner: string | undefined): OwnerClass {
    if (owner === undefined) return NOBODY;
    const fingerprint = ownerFingerprint(owner);
    if (!this.#owners.get(fingerprint)?.named) return OTHERS;
    const limitsAt = ({ plantId, terms }: StandingPlant): OwnerLimits =>
      this.#shareOf(fingerprint, plantId)?.limits ?? terms.others;
    return {
      key: fingerprint,
      refusal: (machine, plant) => ownerRefusalOf(machine, { used: NOTHING_USED, limits: limitsAt(plant) }),
    };
  }

  /** The plants that decline since the owner would have too much there, with what it has already. */
  declinesFor(owner: string, machine: MachineSpec, plants: ReadonlyMap<string, StandingPlant>): Decline[] {
    const declines: Decline[] = [];
    for (const [plantId, { used, limits }] of this.#owners.get(ownerFingerprint(owner))?.byPlant ?? []) {
      const plant = plants.get(plantId);
      if (!plant || used.vms === 0) continue;
      const lack = ownerLackOf(machine, { used, limits: limits ?? plant.terms.others });
      if (lack) declines.push(declineOf(plantId, lack));
    }
    return declines;
  }

  #shareOf(fingerprint: string, plantId: string): OwnerShare | undefined {
    return this.#owners.get(fingerprint)?.byPlant.get(plantId);
  }

  #put(fingerprint: string, plantId: string, share?: OwnerShare): void {
    const shares = this.#owners.get(fingerprint) ?? { byPlant: new Map<string, OwnerShare>(), named: 0 };
    if (shares.byPlant.get(plantId)?.limits) shares.named--;
    if (share?.limits) shares.named++;
    if (share) shares.byPlant.set(plantId, share);
    else shares.byPlant.delete(plantId);
    if (shares.byPlant.size > 0) this.#owners.set(fingerprint, shares);
    else this.#owners.delete(fingerprint);
  }
}

const tooMany = (plantId: string): GridError =>
  new GridError('LINK_PROTOCOL', `${plantId} limits more than ${STANDING_LIMITS.owners} owners`, { plantId });
