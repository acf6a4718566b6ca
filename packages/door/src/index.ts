export * from './body.ts';
export * from './door-app.ts';
export { streamEvents } from './event-stream.ts';
export {
  createHttpServer,
  createHttpServer,
  type HttpServerOptions,
  REPLIES_MS,
  REPLIES_MS,
  stopListening,
  stopListening,
} from './http-server.ts';
export * from './listen.ts';
export * from './negotiate.ts';
export * from './operation-routes.ts';
export * from './operations.ts';
export * from './send.ts';
export * from './work-desk.ts';
