import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { ACTION, INK, NO_DATA, RATE, RATE_STEPS } from './colour';
import { FONT, ground, type Site } from './ground';

/** The fill of a grid by one figure against its target: a diverging scale, centred on the target. */
export function rateFill(indicator: string, target: number): ExpressionSpecification {
  const value: ExpressionSpecification = ['get', indicator];
  // Steps start a hair early: 0.95 in a tile of single floats is a little under 0.95.
  const steps = RATE_STEPS.flatMap((points, i) => [target + points / 100 - 1e-6, RATE[i + 1]!]);
  return [
    'case',
    ['all', ['has', indicator], ['==', ['typeof', value], 'number']],
    ['step', ['to-number', value], RATE[0], ...steps],
    NO_DATA,
  ] as ExpressionSpecification;
}

/** The care group that the server's style shows; another one is drawn by the same rules. */
const SHOWN = 'over_80';
const CARE_LAYERS = ['care-fill', 'care-hidden', 'care-line'] as const;

/** What the server's style says of the bands: their colours, few to many. */
export function careColours(site: Site): Record<string, string> {
  const layer = site.style.layers.find(({ id }) => id === 'care-fill');
  const fill = layer?.type === 'fill' ? layer.paint?.['fill-color'] : null;
  const [kind, , ...pairs] = Array.isArray(fill) ? (fill as unknown[]) : [];
  if (kind !== 'match') return {};
  return Object.fromEntries(
    Array.from({ length: Math.floor(pairs.length / 2) }, (_, i) => [String(pairs[2 * i]), String(pairs[2 * i + 1])]),
  );
}

/** The server's care layers for a group, or hidden for none. */
export function careLayers(site: Site, group: string | null): LayerSpecification[] {
  const own = site.style.layers.filter(({ id }) => CARE_LAYERS.some((one) => one === id));
  const text = JSON.stringify(own).replaceAll(`group_${SHOWN}`, `group_${group ?? SHOWN}`);
  return (JSON.parse(text) as LayerSpecification[]).map((layer) => ({
    ...layer,
    layout: { ...layer.layout, visibility: group ? 'visible' : 'none' },
  })) as LayerSpecification[];
}

/** The leader's map: one level of grids, coloured by the figure that is chosen; care groups over it. */
export function coverageStyle(site: Site): StyleSpecification {
  const style = ground(site, ['grid', 'care'], ['grid-', 'care-']);
  style.layers.push({
    id: 'rate',
    type: 'fill',
    source: 'grid',
    'source-layer': 'grid',
    paint: { 'fill-color': NO_DATA, 'fill-opacity': 0.92 },
  });
  style.layers.push(...careLayers(site, null));
  style.layers.push(
    {
      id: 'rate-line',
      type: 'line',
      source: 'grid',
      'source-layer': 'grid',
      paint: { 'line-color': '#ffffff', 'line-width': 1.6 },
    },
    {
      id: 'rate-parent',
      type: 'line',
      source: 'grid',
      'source-layer': 'grid',
      filter: ['==', ['get', 'code'], ''],
      paint: { 'line-color': '#3c4c44', 'line-width': 2.4 },
    },
    {
      id: 'rate-hover',
      type: 'line',
      source: 'grid',
      'source-layer': 'grid',
      filter: ['==', ['get', 'code'], ''],
      paint: { 'line-color': ACTION, 'line-width': 3 },
    },
    {
      id: 'rate-name',
      type: 'symbol',
      source: 'labels',
      layout: {
        'text-field': ['format', ['get', 'name'], {}, '\n', {}, ['get', 'value'], { 'font-scale': 1.1 }],
        'text-font': FONT,
        'text-size': 13,
        'text-padding': 4,
        'text-max-width': 8,
      },
      paint: { 'text-color': INK, 'text-halo-color': 'rgba(255,255,255,0.95)', 'text-halo-width': 1.8 },
    },
  );
  style.sources.labels = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  return style;
}
