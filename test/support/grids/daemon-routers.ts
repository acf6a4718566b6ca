/** The routers of each daemon's HTTP endpoint, with nothing behind them. */
import { type ImageCatalogue, type ImageWork, imageRoutes } from '@vmgrid/catalogue';
import { type OperationService, operationRoutes } from '@vmgrid/http-api';
import type { Router } from 'express';
import { plantRoutes } from '../../../packages/vmbroker/src/plant-routes.ts';
import { archiveRoutes } from '../../../packages/vmplant/src/http/archive-routes.ts';
import { shopRouters } from '../../../packages/vmshop/src/http/app.ts';
import { fileUploadRoutes } from '../../../packages/vmshop/src/http/file-routes.ts';
import type { Shop } from '../../../packages/vmshop/src/shop.ts';

const nothing = {} as never;

/** Without the routes that every endpoint has. */
export const DAEMON_ROUTERS: Readonly<Record<'shop' | 'broker' | 'plant', readonly Router[]>> = {
  shop: [fileUploadRoutes(nothing), ...shopRouters({} as Shop, {} as never)],
  broker: [plantRoutes(nothing)],
  plant: [
    archiveRoutes(nothing),
    imageRoutes({} as ImageCatalogue, {} as ImageWork),
    operationRoutes({} as OperationService),
  ],
};
