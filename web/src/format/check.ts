import type { Check } from '../api/types';

/** How much of a check is done, in whole percent; it is done only when it is. */
export function percent({ share }: Pick<Check, 'share'>): number {
  return Math.min(99, Math.max(0, Math.floor(share * 100)));
}
