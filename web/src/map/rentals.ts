import type { ExpressionSpecification, FilterSpecification, StyleSpecification } from 'maplibre-gl';
import type { Grade } from '../api/types';
import { GRADES } from '../rental/item';
import { ACTION } from './colour';
import { ground, type Site } from './ground';

/** The weight of a hazard by its grade, the same as the server's. */
export const GRADE_WEIGHT: Record<Grade, number> = { minor: 1, serious: 3, major: 9 };

/** What the heat is weighed by: hazards of the chosen check items and grades, minor 1, serious 3, major 9. */
export function heatWeight(items: readonly string[], grades: readonly string[]): ExpressionSpecification {
  const number = (field: string): ExpressionSpecification => ['coalesce', ['get', field], 0];
  const wanted = GRADES.filter((grade) => grades.length === 0 || grades.includes(grade));
  if (items.length === 0 && wanted.length === GRADES.length) return number('weight');
  const fields = items.length
    ? items.flatMap((item) => wanted.map((grade) => [`${item}_${grade}`, grade] as const))
    : wanted.map((grade) => [grade, grade] as const);
  return [
    '+',
    0,
    ...fields.map(([field, grade]): ExpressionSpecification => ['*', GRADE_WEIGHT[grade], number(field)]),
  ];
}

/** From this zoom on rentals stand alone and the heat is gone. */
export const RENTAL_ZOOM = 15;

/** The police map: heat from afar, rentals near by; hazards for those who may see no rentals on a map. */
export function rentalsStyle(site: Site): StyleSpecification {
  return choosable(
    ground(site, ['grid', 'building', ...('rental' in site.style.sources ? ['heat', 'rental'] : ['hazard'])]),
  );
}

/** The department's map: hazards that are not closed. */
export function hazardsStyle(site: Site): StyleSpecification {
  return choosable(ground(site, ['grid', 'building', 'hazard']));
}

/** Adds the ring around what is chosen. */
function choosable(style: StyleSpecification): StyleSpecification {
  style.sources.work = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  style.layers.push({
    id: 'work-halo',
    type: 'circle',
    source: 'work',
    paint: {
      'circle-radius': 17,
      'circle-color': 'rgba(20,86,200,0.12)',
      'circle-stroke-color': ACTION,
      'circle-stroke-width': 2.5,
    },
  });
  return style;
}

/** A filter on rentals near by, the same question as the list asks. */
export function rentalFilter(grades: readonly string[], inspected: string | null): FilterSpecification {
  const parts: FilterSpecification[] = [['!', ['has', 'count']]];
  if (grades.length) parts.push(['in', ['get', 'worst'], ['literal', [...grades]]]);
  if (inspected) parts.push(['==', ['get', 'inspected'], inspected]);
  return ['all', ...parts] as FilterSpecification;
}

/** The same on hazards; those of one state where one is asked for. */
export function hazardFilter(
  items: readonly string[],
  grades: readonly string[],
  state: string | null = null,
): FilterSpecification {
  const parts: FilterSpecification[] = [['!', ['has', 'count']]];
  if (grades.length) parts.push(['in', ['get', 'severity'], ['literal', [...grades]]]);
  if (items.length) parts.push(['in', ['get', 'item'], ['literal', [...items]]]);
  if (state) parts.push(['==', ['get', 'state'], state]);
  return ['all', ...parts] as FilterSpecification;
}
