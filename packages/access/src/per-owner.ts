/** Limits that a configuration gives to each owner, and to some by name. */
import { OwnerName } from '@vmgrid/protocol';
import { type TObject, Type } from 'typebox';

export interface PerOwner<Limits> {
  readonly default?: Limits;
  readonly owners?: Readonly<Record<string, Limits>>;
}

/** Schema of a {@link PerOwner}; every field of `limits` may be left out. */
export const perOwner = <T extends TObject>(limits: T) =>
  Type.Object(
    {
      /** Of each owner that has none of its own, and of what its own leaves out. */
      default: Type.Optional(limits),
      owners: Type.Optional(Type.Record(OwnerName, limits)),
    },
    { additionalProperties: false },
  );

export const ofOwner = <Limits extends object>(all: PerOwner<Limits>, owner: string): Limits =>
  ({
    ...all.default,
    ...(Object.hasOwn(all.owners ?? {}, owner) ? all.owners![owner] : {}),
  }) as Limits;
