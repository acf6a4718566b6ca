const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host, as addresses and URLs write it, is this machine and reachable from this machine only. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);
