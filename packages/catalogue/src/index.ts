export * from './bidders.ts';
export * from './image-catalogue.ts';
export * from './image-routes.ts';
export * from './image-work.ts';
