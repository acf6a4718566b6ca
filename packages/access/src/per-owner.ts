/** Limits that a configuration gives to every owner, and to some owners by name. */
import { OwnerName } from '@vmgrid/protocol';
import { type TObject, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

export interface PerOwner<Limits> {
  readonly default?: Limits;
  readonly owners?: Readonly<Record<string, Limits>>;
}

/** Schema of a {@link PerOwner}; every field of `limits` may be left out. */
export const perOwner = <T extends TObject>(limits: T, description: string) =>
  Type.Object(
    {
      default: Type.Optional(limits),
      owners: Type.Optional(
        Type.Record(OwnerName, limits, {
          description:
            'Limits of single owners, by name, each with the fields of `default`, whose limits count where one is left out.',
        }),
      ),
    },
    { ...closed, description },
  );

export const ofOwner = <Limits extends object>(all: PerOwner<Limits>, owner: string): Limits =>
  ({
    ...all.default,
    ...(Object.hasOwn(all.owners ?? {}, owner) ? all.owners![owner] : {}),
  }) as Limits;
