/** The shapes of the API that the client reads. */

import type { Box, LonLat } from '../geo/measure';

export interface Text {
  zh: string;
  en: string;
}
export type Role = 'collector' | 'reviewer' | 'department' | 'police' | 'leader' | 'steward';
export type Severity = 'error' | 'warning' | 'info';
export type GridLevel = 'district' | 'street' | 'village' | 'grid' | 'microgrid';

export interface Config {
  title: Text;
  basemap: { kind: 'raster' | 'vector'; url: string; attribution: string } | null;
  demo: boolean;
  version: string;
  /** The server answers from memory: its database is away. */
  stale?: boolean;
}
export interface Me {
  name: string;
  role: Role;
  scope: { grid: string | null; name: string | null; level: GridLevel | null };
  bbox: Box | null;
}
export interface Page<T> {
  items: T[];
  next: string | null;
  total?: number;
}

export interface Suggestion {
  at: LonLat | null;
  radius_m: number | null;
  field: string | null;
  value: string | null;
}
export interface Flag {
  flag_id: string;
  rule: string;
  severity: Severity;
  probability: number | null;
  tier: 'auto' | 'review' | 'field' | null;
  subject: { kind: string; id: string };
  address_id: string | null;
  version: number | null;
  address_text: string | null;
  grid_code: string | null;
  grid_name: string | null;
  at: LonLat | null;
  title: Text;
  message: Text;
  suggestion: Suggestion | null;
  distance_m: number | null;
  state: string;
  dismissed_reason: string | null;
}

export type Change =
  | { kind: 'move'; lon: number; lat: number; flag_id?: string }
  | { kind: 'set'; field: string; value: string; flag_id?: string }
  | { kind: 'demolish'; on: string }
  | { kind: 'confirm' }
  | { kind: 'comment' };

export interface Correction {
  correction_id: string;
  address_id: string;
  address_text?: string | null;
  base_version: number;
  version: number;
  change: Change;
  before: LonLat | null;
  note: string;
  made_by: string;
  made_at: string;
  state: 'unverified' | 'verified' | 'rejected';
  reviewed_by: string | null;
  reviewed_at: string | null;
  review_reason: string | null;
}

export interface Address {
  address_id: string;
  full_text: string;
  standard_text: string | null;
  parts: Record<string, string | null>;
  grid_code: string | null;
  grid_name: string | null;
  lon: number | null;
  lat: number | null;
  accuracy_m: number | null;
  method: string | null;
  collected_at: string | null;
  batch: string | null;
  status: 'active' | 'demolished' | 'merged';
  ended_on: string | null;
  verified_on: string | null;
  version: number;
  building_id: string | null;
  flags: Flag[];
  corrections: Correction[];
}
export interface AddressHit {
  address_id: string;
  full_text: string;
  lon: number | null;
  lat: number | null;
  grid_code: string | null;
  status: string;
  version: number;
}
export interface Signal {
  code: string;
  label: Text;
  value: number;
  unit: string;
  source: { kind: string; id: string } | null;
  at: LonLat | null;
}
export interface Explanation {
  address_id: string;
  signals: Signal[];
}
export interface Rule {
  code: string;
  title: Text;
}

export type FindingWord = 'pass' | 'fail' | 'not_applicable';
export type Grade = 'minor' | 'serious' | 'major';
export interface Rental {
  rental_id: string;
  address_id: string | null;
  address_text: string | null;
  grid_code: string | null;
  lon: number | null;
  lat: number | null;
  registered: boolean;
  space: string;
  inspected: 'never' | 'ok' | 'due';
  last_inspected_at: string | null;
  open_hazards: number;
  worst: Grade | '' | null;
}
export interface Hazard {
  hazard_id: string;
  address_id: string;
  rental_id: string | null;
  item: string;
  severity: Grade;
  state: 'open' | 'assigned' | 'mended' | 'closed';
  found_at: string;
  due_on: string | null;
  overdue?: boolean;
  version: number;
}
export interface RentalDetail extends Rental {
  occupants_band: string | null;
  rooms: number | null;
  inspections: { inspection_id: string; at: string; findings: Record<string, FindingWord> }[];
  hazards: Hazard[];
}
export interface HeatSummary {
  items: { item: string; minor: number; serious: number; major: number }[];
  never_inspected: number;
  rentals: number;
}

export interface IndicatorValue {
  code: 'collection' | 'accuracy' | 'registration' | 'closure';
  value: number | null;
  count: number;
  base: number;
  target: number;
}
export interface IndicatorRow {
  grid_code: string;
  name: string;
  level: GridLevel;
  bbox: Box | null;
  indicators: IndicatorValue[];
}
export interface Indicators {
  day: string;
  grid: IndicatorRow | null;
  items: IndicatorRow[];
}
export interface Grid {
  grid_code: string;
  name: string;
  level: GridLevel;
  parent_code: string | null;
  bbox: Box | null;
  children: number;
}
export interface TouchedEvent {
  revision: number | string;
  layers: string[];
  bbox: Box | null;
  addresses: string[];
}
