/** The HTTP endpoint of the shop: its routes. What they do is in shop.ts. */

import type { AuditTrail } from '@vmgrid/access';
import { imageRoutes } from '@vmgrid/catalogue';
import { auditRoutes, createHttpApp, type HttpAppOptions, operationRoutes } from '@vmgrid/http-api';
import type { Express, Router } from 'express';
import type { FileStore } from '../files/file-store.ts';
import type { Shop } from '../shop.ts';
import { auctionRoutes } from './auction-routes.ts';
import { fileRoutes, fileUploadRoutes } from './file-routes.ts';
import { plantRoutes } from './plant-routes.ts';
import { vmRoutes } from './vm-routes.ts';
import { XML_REQUESTS, xmlRoutes } from './xml-routes.ts';

export interface ShopAppOptions extends Omit<HttpAppOptions, 'xmlPaths'> {
  readonly audit: AuditTrail;
  readonly files: FileStore;
}

export function createApp(shop: Shop, options: ShopAppOptions): Express {
  const { audit, files } = options;
  const streams = [fileUploadRoutes(files)];
  const parts = { routers: shopRouters(shop, { audit, files }), streams, readiness: () => readiness(shop) };
  return createHttpApp(parts, { ...options, xmlPaths: [`/v1${XML_REQUESTS}`] });
}

type Kept = Pick<ShopAppOptions, 'audit' | 'files'>;

export const shopRouters = (shop: Shop, { audit, files }: Kept): readonly Router[] => [
  vmRoutes(shop),
  imageRoutes(shop.images, shop.imageWork),
  plantRoutes(shop),
  auctionRoutes(shop.auctions),
  fileRoutes(files),
  xmlRoutes(shop),
  operationRoutes(shop.canceller),
  auditRoutes(audit),
];

/** Ready: takes requests and has plants to award them to. */
function readiness(shop: Shop): { readonly status: string; readonly plants: number } {
  const plants = shop.plantCount;
  return { status: shop.operationService.draining ? 'draining' : plants === 0 ? 'no plants' : 'ready', plants };
}
