/**
 * `user`: makes VMs and sees and changes its own. `operator`: sees and changes all, and looks after warehouses.
 * `auditor`: sees all and changes nothing.
 */
export const ROLES = ['user', 'operator', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);
