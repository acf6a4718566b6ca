/** Where a link reports problems that no caller learns of. A pino logger fits. */
export interface LinkLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
