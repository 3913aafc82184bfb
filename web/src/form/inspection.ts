import type { Attempt } from '../api/id';
import type { CheckItem, Findings, FindingWord, Grade } from '../api/types';
import { ITEMS } from '../rental/item';

/** What an inspector enters: eight findings, and a hazard for each item that failed and has none yet. */
export interface Entry {
  findings: Partial<Record<CheckItem, FindingWord>>;
  hazards: Partial<Record<CheckItem, FoundHazard>>;
  /** The inspection as it was last sent. */
  attempt: Attempt | null;
  /** Whether the server has confirmed the inspection: then only hazards are left to send. */
  stored: boolean;
}

export interface FoundHazard {
  /** Whether it is to be reported. */
  wanted: boolean;
  severity: Grade | '';
  due_on: string;
  attempt: Attempt | null;
  stored: boolean;
}

export const freshEntry = (): Entry => ({ findings: {}, hazards: {}, attempt: null, stored: false });
export const freshHazard = (wanted: boolean): FoundHazard => ({
  wanted,
  severity: '',
  due_on: '',
  attempt: null,
  stored: false,
});

/** Items without an answer, in the order of the form. */
export const missing = ({ findings }: Entry): CheckItem[] => ITEMS.filter((item) => !findings[item]);

/** Items that failed and are to be reported. */
export const reported = ({ findings, hazards }: Entry): CheckItem[] =>
  ITEMS.filter((item) => findings[item] === 'fail' && hazards[item]?.wanted);

/** Reported items whose severity is still open. */
export const ungraded = (entry: Entry): CheckItem[] =>
  reported(entry).filter((item) => entry.hazards[item]?.severity === '');

/** The eight findings, when all are there. */
export function complete(entry: Entry): Findings | null {
  return missing(entry).length ? null : (entry.findings as Findings);
}
