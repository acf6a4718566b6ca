/** The HTTP door of the shop: its routes. What they do is in shop.ts. */
import { imageRoutes } from '@vmgrid/catalogue';
import { createDoorApp, type DoorOptions, operationRoutes } from '@vmgrid/door';
import type { Express } from 'express';
import type { Shop } from '../shop.ts';
import { auctionRoutes } from './auction-routes.ts';
import { plantRoutes } from './plant-routes.ts';
import { vmRoutes } from './vm-routes.ts';
import { XML_REQUESTS, xmlRoutes } from './xml-routes.ts';

export function createApp(shop: Shop, options: Omit<DoorOptions, 'xmlPaths'>): Express {
  const images = imageRoutes(shop.images, shop.imageWork);
  const routers = [
    vmRoutes(shop),
    images,
    plantRoutes(shop),
    auctionRoutes(shop.auctions),
    xmlRoutes(shop),
    operationRoutes(shop.desk),
  ];
  return createDoorApp({ routers, readiness: () => readiness(shop) }, { ...options, xmlPaths: [`/v1${XML_REQUESTS}`] });
}

/** Ready: takes requests and has plants to award them to. */
function readiness(shop: Shop): { readonly status: string; readonly plants: number } {
  const plants = shop.plantCount;
  return { status: shop.desk.draining ? 'draining' : plants === 0 ? 'no plants' : 'ready', plants };
}
