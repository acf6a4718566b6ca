export * from './body.ts';
export * from './door-app.ts';
export { createHttpServer, type HttpServerOptions, REPLIES_MS, stopListening } from './http-server.ts';
export * from './listen.ts';
export * from './negotiate.ts';
export * from './operation-routes.ts';
export * from './operations.ts';
export * from './send.ts';
export * from './work-desk.ts';
