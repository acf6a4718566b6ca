/**
 * `user` makes VMs, and sees and changes its own. `operator` sees and changes all, and looks after warehouses.
 * `auditor` sees all and changes nothing. `node` is a plant or broker with the name of its owner, which dials up.
 * `join` is any daemon of the site, at either end of a link.
 */
export const ROLES = ['user', 'operator', 'auditor', 'node', 'join'] as const;
export type Role = (typeof ROLES)[number];

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);
