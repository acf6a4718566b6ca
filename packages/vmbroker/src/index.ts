export { BrokerConfig } from './config.ts';
