import type { DatabaseSync } from 'node:sqlite';
import type { Warehouse } from '@vmgrid/warehouse';
import type { PlantConfig } from '../config.ts';
import { EqualityCheck } from '../equality/equality-check.ts';
import { IdentityCheck } from '../identity/identity-check.ts';
import { ImageService } from '../images/image-service.ts';
import { SelfTending } from '../tending/self-tending.ts';
import type { OperatorParts } from './ports.ts';

/** Makes the services that work with the files of images: they need a warehouse on a disk. */
export function makeOperatorServices(
  parts: OperatorParts,
  stores: { readonly warehouse: Warehouse; readonly database: DatabaseSync },
  config: PlantConfig,
) {
  const deps = { ...parts, ...stores };
  return {
    imageService: new ImageService({ ...deps, identityCheck: new IdentityCheck(deps) }, config),
    equalityCheck: new EqualityCheck(deps, config),
    selfTending: new SelfTending(deps, config),
  };
}
