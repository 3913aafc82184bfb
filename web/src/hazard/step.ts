import type { Hazard, HazardState, Me } from '../api/types';

export interface Step {
  to: HazardState;
  key: 'step_take' | 'step_mended' | 'step_close' | 'step_back';
  /** The one step that is meant; the others are possible. */
  first: boolean;
}

/** What an account may do next with a hazard; the server has the last word. */
export function steps(hazard: Pick<Hazard, 'state' | 'found_by'>, me: Pick<Me, 'name' | 'rights'> | null): Step[] {
  if (!me?.rights.includes('MoveHazard')) return [];
  switch (hazard.state) {
    case 'open':
      return [
        { to: 'assigned', key: 'step_take', first: true },
        { to: 'mended', key: 'step_mended', first: false },
      ];
    case 'assigned':
      return [{ to: 'mended', key: 'step_mended', first: true }];
    case 'mended':
      return [
        ...(isFinder(hazard, me) ? [] : [{ to: 'closed', key: 'step_close', first: true } as const]),
        { to: 'assigned', key: 'step_back', first: false },
      ];
    default:
      return [];
  }
}

/** Days past its date; 0 for what the server calls in time. */
export function daysLate({ overdue, due_on }: Pick<Hazard, 'overdue' | 'due_on'>, now = Date.now()): number {
  return overdue && due_on ? Math.max(1, Math.floor((now - Date.parse(due_on)) / 86_400_000)) : 0;
}

/** Who found a hazard does not close it. */
export const isFinder = (hazard: Pick<Hazard, 'found_by'>, me: Pick<Me, 'name'> | null): boolean =>
  me != null && hazard.found_by === me.name;
