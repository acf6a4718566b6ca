/** The broker itself, for whoever drives one without a network. */
export { Announcer } from './announcer.ts';
export { Broker } from './broker.ts';
export { BrokerConfig } from './config.ts';
