/** Care bands: the only thing that anybody is told of how many people of a group live in a grid. */

/** The closed list of care groups. */
export const CARE_GROUPS = [
  'living_alone',
  'over_80',
  'empty_nest',
  'left_behind',
  'disabled',
  'low_income',
  'children_without_carers',
  'special_support',
] as const;
export type CareGroup = (typeof CARE_GROUPS)[number];

/** The published bands, few to many. Everything else (hidden, absent) has no band. */
export const CARE_BANDS = ['10-19', '20-49', '50-99', '100+'] as const;
export type CareBand = (typeof CARE_BANDS)[number];

/** The band that a tile's text names; null where the count is hidden or there is none. */
export function careBand(text: unknown): CareBand | null {
  return CARE_BANDS.find((band) => band === text) ?? null;
}

/** A band for reading: "10–19", "100 人及以上" is put together by the language. */
export function bandText(band: CareBand): string {
  return band.replace('-', '–');
}
