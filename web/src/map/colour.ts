/**
 * Colours of what the client itself draws on a map; the same values as `style/tokens.css`, which a map cannot read. How
 * the layers of the server look is said in `tiles/<layer>/style.json`.
 */
import type { Grade } from '../api/types';

export const INK = '#17232a';
export const ACTION = '#1456c8';
export const SEVERITY = { error: '#b3261e', warning: '#b86200', info: '#46627a' } as const;

/** Hazards: one warm ramp, light yellow to dark red. */
export const GRADE: Record<Grade, string> = { minor: '#fdd16a', serious: '#f2822f', major: '#a3161f' };
export const UNINSPECTED = '#8b949a';

/** Rates: percentage points from the target at which the colour changes, and the colours between. */
export const RATE_STEPS = [-20, -10, -5, 0, 1, 3] as const;
export const RATE = ['#8c510a', '#c98a3e', '#e8c88f', '#f4ead2', '#cfe6e0', '#5fb0a3', '#0a6b60'] as const;
export const NO_DATA = '#dfe3df';

/** The colour of a share against its target. */
export function rateColour(share: number | null, target: number): string {
  if (share == null) return NO_DATA;
  const points = (share - target) * 100 + 1e-9;
  let i = 0;
  while (i < RATE_STEPS.length && points >= RATE_STEPS[i]!) i++;
  return RATE[i]!;
}
/** Which of the steps can occur at all: with a target of 100 % nothing lies above it. */
export function rateClasses(target: number): { colour: string; from: number | null; to: number | null }[] {
  const most = (1 - target) * 100;
  const edges: (number | null)[] = [null, ...RATE_STEPS, null];
  return RATE.map((colour, i) => ({ colour, from: edges[i]!, to: edges[i + 1]! })).filter(
    ({ from }) => from == null || from <= most + 1e-9,
  );
}
