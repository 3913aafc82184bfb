/** The shapes of the API by short names; `schema.d.ts` is made from the server's OpenAPI document by `npm run types`. */

import type { Box } from '../geo/measure';
import type { components } from './schema';

type Schemas = components['schemas'];
/** The server writes every field: what it does not know is null, never left out. */
type Whole<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
/** OpenAPI knows lists of four numbers only as lists of numbers. */
type Boxed<T> = Omit<T, 'bbox'> & { bbox: Box };

export type Text = Schemas['Text'];
export type Role = Schemas['Role'];
export type Severity = Schemas['Severity'];
export type GridLevel = Schemas['GridLevel'];
export type Change = Schemas['Change'];
export type Grade = Schemas['HazardSeverity'];

export type Config = Whole<Schemas['Config']>;
export type Check = Schemas['CheckView'];
export type Me = Omit<Whole<Schemas['Me']>, 'bbox' | 'scope'> & { bbox: Box | null; scope: Whole<Schemas['MyScope']> };
export interface Page<T> {
  items: T[];
  next: string | null;
  /** How many there are in all; lists that cannot be counted cheaply leave it out. */
  total?: number;
}

export type Suggestion = Whole<Schemas['Suggestion']>;
export type Flag = Omit<Whole<Schemas['Flag']>, 'suggestion'> & { suggestion: Suggestion | null };
export type FlagGroup = Boxed<Whole<Schemas['FlagGroup']>>;
export type GroupMember = Whole<Schemas['GroupMember']>;
export type FlagGroupDetail = FlagGroup & { members: GroupMember[]; preview: string };
export type NewMend = Schemas['NewMend'];
export type Mend = Whole<Schemas['MendItem']>;
export type Undone = Omit<Schemas['UndoneMend'], 'mend'> & { mend: Mend };
export type Correction = Whole<Schemas['Correction']> &
  Partial<Pick<Schemas['CorrectionItem'], 'address_text' | 'grid_name'>>;
export type Address = Omit<Whole<Schemas['Address']>, 'flags' | 'corrections' | 'parts'> & {
  flags: Flag[];
  corrections: Correction[];
  parts: Record<keyof Schemas['Parts'], string> & Record<string, string | undefined>;
};
export type AddressHit = Whole<Schemas['AddressItem']>;
export type Signal = Whole<Schemas['Signal']>;
export type Explanation = { signals: Signal[] };
export type Rule = Schemas['Rule'];

export type FindingWord = Schemas['Finding'];
export type Rental = Whole<Schemas['RentalItem']>;
export type Hazard = Whole<Schemas['Hazard']>;
export type RentalDetail = Omit<Whole<Schemas['Rental']>, 'hazards' | 'inspections'> & {
  inspections: Schemas['Inspection'][];
  hazards: Hazard[];
};
export type Inspection = Schemas['Inspection'];
export type NewInspection = Schemas['NewInspection'];
export type Findings = Schemas['NewInspection']['findings'];
export type CheckItem = Schemas['CheckItem'];
export type NewHazard = Schemas['NewHazard'];
export type HazardState = Schemas['HazardState'];
export type NewVisit = Schemas['NewVisit'];
export type Visit = Schemas['Visit'];
export type VisitOutcome = Schemas['VisitOutcome'];
export type Readiness = Schemas['Ready'];
export type HeatSummary = Schemas['HeatSummary'];

export type IndicatorValue = Whole<Schemas['Indicator']>;
export type IndicatorRow = Boxed<Omit<Schemas['IndicatorRow'], 'indicators'>> & { indicators: IndicatorValue[] };
export interface Indicators {
  day: string;
  grid: IndicatorRow | null;
  items: IndicatorRow[];
}
export type Grid = Boxed<Whole<Schemas['Grid']>>;
export type TouchedEvent = Omit<Whole<Schemas['ChangeEvent']>, 'bbox'> & { bbox: Box | null };

export type OpenSession = Whole<Schemas['OpenSession']>;
export type SecondFactor = Whole<Schemas['SecondFactor']>;
export type Enrolment = Whole<Schemas['Enrolment']>;
export type ApiToken = Whole<Schemas['ApiToken']>;
export type NewToken = Schemas['NewToken'];
export type MadeToken = Whole<Schemas['MadeToken']>;
export type AuditEntry = Whole<Schemas['AuditEntry']>;
export type AuditVerdict = Whole<Schemas['AuditVerdict']>;
export type Purpose = Schemas['Purpose'];
