import type {
  ExpressionSpecification,
  FilterSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import type { Config, Grade, Role } from '../api/types';
import { ACTION, CARE, HEAT, INK, NO_DATA, PAPER, RATE, RATE_STEPS } from './colour';
import { CARE_BANDS } from '../format/care';
import { GRADES } from '../rental/item';

/** The weight of a hazard by its grade, the same as the server's. */
export const GRADE_WEIGHT: Record<Grade, number> = { minor: 1, serious: 3, major: 9 };

/** Text in the system's own fonts: without `glyphs` the map draws every letter itself. */
const FONT = ['PingFang SC, Noto Sans SC, Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, sans-serif'];
const HALO = { 'text-halo-color': 'rgba(255,255,255,0.92)', 'text-halo-width': 1.6 } as const;

/** Layers of the server that a role may read; what it may not see answers as if it did not exist, so none asks. */
export const LAYERS_OF: Record<Role, string[]> = {
  collector: ['grid', 'building', 'address', 'flag', 'rental', 'heat'],
  reviewer: ['grid', 'building', 'address', 'flag', 'care'],
  department: ['grid', 'building', 'hazard'],
  police: ['grid', 'building', 'rental', 'heat', 'care'],
  leader: ['grid', 'care'],
  steward: ['grid', 'building', 'address', 'flag', 'rental', 'heat', 'care'],
};

/** Where a layer's tiles begin and end; past the end the last ones are drawn larger. */
const ZOOMS: Record<string, [number, number]> = {
  grid: [0, 16],
  building: [13, 16],
  address: [14, 16],
  flag: [5, 16],
  rental: [13, 16],
  hazard: [5, 16],
  heat: [0, 16],
  care: [0, 16],
};

function source(layer: string): SourceSpecification {
  const [minzoom, maxzoom] = ZOOMS[layer] ?? [0, 16];
  return { type: 'vector', tiles: [`${location.origin}/tiles/${layer}/{z}/{x}/{y}.mvt`], minzoom, maxzoom };
}

const level = (name: string): FilterSpecification => ['==', ['get', 'level'], name];

/** The quiet ground: paper, buildings, borders. Good without any basemap. */
function ground(config: Config | null, layers: string[], vector: StyleSpecification | null = null): StyleSpecification {
  const style: StyleSpecification = {
    version: 8,
    sources: Object.fromEntries(layers.map((layer) => [layer, source(layer)])),
    layers: [{ id: 'paper', type: 'background', paint: { 'background-color': PAPER } }],
  };
  if (config?.basemap?.kind === 'raster') {
    const { url, attribution } = config.basemap;
    style.sources.basemap = { type: 'raster', tiles: [url], tileSize: 256, attribution };
    style.layers.push({
      id: 'basemap',
      type: 'raster',
      source: 'basemap',
      paint: { 'raster-opacity': 0.75, 'raster-saturation': -0.6 },
    });
  }
  if (vector) {
    // Its own glyphs are left out: text is drawn here. Names get a prefix, so that they meet none of ours.
    for (const [name, spec] of Object.entries(vector.sources)) style.sources[`basemap-${name}`] = spec;
    if (vector.sprite) style.sprite = vector.sprite;
    for (const layer of vector.layers) {
      if (layer.type === 'background') continue;
      style.layers.push({
        ...layer,
        id: `basemap-${layer.id}`,
        source: `basemap-${layer.source}`,
      } as LayerSpecification);
    }
  }
  return style;
}

const buildings = (): LayerSpecification[] => [
  {
    id: 'building',
    type: 'fill',
    source: 'building',
    'source-layer': 'building',
    minzoom: 14,
    paint: {
      'fill-color': [
        'match',
        ['get', 'kind'],
        'public',
        '#d9dfe0',
        'industrial',
        '#dcd9d4',
        'commercial',
        '#dfd9d0',
        '#dbdfd8',
      ],
      'fill-opacity': ['interpolate', ['linear'], ['zoom'], 14, 0.5, 15.5, 1],
    },
  },
  {
    id: 'building-line',
    type: 'line',
    source: 'building',
    'source-layer': 'building',
    minzoom: 15,
    paint: { 'line-color': '#b6bfb7', 'line-width': ['interpolate', ['linear'], ['zoom'], 15, 0.5, 18, 1.2] },
  },
];

const borders = (config: Config | null): LayerSpecification[] => [
  {
    id: 'area',
    type: 'fill',
    source: 'grid',
    'source-layer': 'grid',
    // On a basemap the ground is its own.
    paint: { 'fill-color': '#f7f8f4', 'fill-opacity': config?.basemap ? 0 : 1 },
  },
];
const borderLines = (): LayerSpecification[] => [
  {
    id: 'border-grid',
    type: 'line',
    source: 'grid',
    'source-layer': 'grid',
    filter: ['in', ['get', 'level'], ['literal', ['grid', 'microgrid']]],
    minzoom: 12.5,
    paint: {
      'line-color': '#8ea096',
      'line-width': ['interpolate', ['linear'], ['zoom'], 13, 0.6, 17, 1.6],
      'line-dasharray': [4, 2],
    },
  },
  {
    id: 'border-village',
    type: 'line',
    source: 'grid',
    'source-layer': 'grid',
    filter: level('village'),
    paint: { 'line-color': '#7d9086', 'line-width': ['interpolate', ['linear'], ['zoom'], 11, 0.8, 16, 2] },
  },
  {
    id: 'border-street',
    type: 'line',
    source: 'grid',
    'source-layer': 'grid',
    filter: ['in', ['get', 'level'], ['literal', ['street', 'district']]],
    paint: { 'line-color': '#64786d', 'line-width': ['interpolate', ['linear'], ['zoom'], 10, 1.2, 16, 3] },
  },
];
const buildingNames = (): LayerSpecification => ({
  id: 'building-name',
  type: 'symbol',
  source: 'building',
  'source-layer': 'building',
  minzoom: 17,
  filter: ['!=', ['coalesce', ['get', 'label'], ''], ''],
  layout: { 'text-field': ['get', 'label'], 'text-font': FONT, 'text-size': 12, 'text-padding': 6 },
  paint: { 'text-color': '#5c6a66', ...HALO },
});
const gridNames = (): LayerSpecification => ({
  id: 'grid-name',
  type: 'symbol',
  source: 'grid',
  'source-layer': 'grid_name',
  minzoom: 12,
  maxzoom: 15.5,
  filter: level('village'),
  layout: { 'text-field': ['get', 'name'], 'text-font': FONT, 'text-size': 13, 'text-padding': 12 },
  paint: { 'text-color': '#44554c', ...HALO },
});

const isCount: ExpressionSpecification = ['has', 'count'];
const noCount: ExpressionSpecification = ['!', isCount];

/** The collector's map: addresses quiet, flags loud. */
export function pinsStyle(
  config: Config | null,
  layers: string[],
  vector: StyleSpecification | null = null,
): StyleSpecification {
  const style = ground(config, layers, vector);
  style.sources.work = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  style.sources.me = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  style.layers.push(
    ...borders(config),
    ...buildings(),
    ...borderLines(),
    gridNames(),
    buildingNames(),
    {
      id: 'address',
      type: 'circle',
      source: 'address',
      'source-layer': 'address',
      minzoom: 14,
      filter: noCount,
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 14, 1.6, 16, 2.6, 18, 4.5],
        'circle-color': ['case', ['==', ['get', 'status'], 'demolished'], '#ffffff', '#5b7c8d'],
        'circle-stroke-color': ['case', ['==', ['get', 'status'], 'demolished'], '#8b949a', '#ffffff'],
        'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 14, 0.3, 17, 1.2],
      },
    },
    {
      id: 'flag-count',
      type: 'circle',
      source: 'flag',
      'source-layer': 'flag',
      filter: isCount,
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'count']], 1, 9, 10, 16, 40, 28],
        'circle-color': '#fff',
        'circle-stroke-color': INK,
        'circle-stroke-width': 1.4,
        'circle-opacity': 0.92,
      },
    },
    {
      id: 'flag-count-text',
      type: 'symbol',
      source: 'flag',
      'source-layer': 'flag',
      filter: isCount,
      layout: {
        'text-field': ['to-string', ['get', 'count']],
        'text-font': FONT,
        'text-size': 12,
        'text-allow-overlap': true,
      },
      paint: { 'text-color': INK },
    },
    {
      id: 'flag',
      type: 'symbol',
      source: 'flag',
      'source-layer': 'flag',
      filter: noCount,
      layout: {
        'icon-image': ['concat', 'severity-', ['get', 'severity']],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 12, 0.55, 15, 0.8, 17, 1],
        'icon-allow-overlap': true,
        'icon-padding': 0,
        'symbol-sort-key': ['match', ['get', 'severity'], 'error', 3, 'warning', 2, 1],
      },
    },
    {
      id: 'me-circle',
      type: 'fill',
      source: 'me',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': ACTION, 'fill-opacity': 0.12, 'fill-outline-color': ACTION },
    },
    {
      id: 'me',
      type: 'circle',
      source: 'me',
      filter: ['==', ['geometry-type'], 'Point'],
      paint: { 'circle-radius': 7, 'circle-color': ACTION, 'circle-stroke-color': '#fff', 'circle-stroke-width': 3 },
    },
    {
      id: 'work-outline',
      type: 'line',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'outline'],
      paint: { 'line-color': ACTION, 'line-width': 2.5 },
    },
    {
      id: 'work-radius',
      type: 'fill',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'radius'],
      paint: { 'fill-color': ACTION, 'fill-opacity': 0.1, 'fill-outline-color': ACTION },
    },
    {
      id: 'work-line-under',
      type: 'line',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'way'],
      layout: { 'line-cap': 'round' },
      paint: { 'line-color': '#fff', 'line-width': 6 },
    },
    {
      id: 'work-line',
      type: 'line',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'way'],
      layout: { 'line-cap': 'round' },
      paint: { 'line-color': ACTION, 'line-width': 2.5 },
    },
    {
      id: 'work-arrow',
      type: 'symbol',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'arrow'],
      layout: {
        'icon-image': 'arrow',
        'icon-rotate': ['get', 'bearing'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
      },
    },
    {
      id: 'work-source',
      type: 'circle',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'source'],
      paint: {
        'circle-radius': 14,
        'circle-color': 'rgba(20,86,200,0.14)',
        'circle-stroke-color': ACTION,
        'circle-stroke-width': 2.5,
      },
    },
    {
      id: 'work-halo',
      type: 'circle',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'selected'],
      paint: {
        'circle-radius': 17,
        'circle-color': 'rgba(20,86,200,0.12)',
        'circle-stroke-color': ACTION,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'work-pin',
      type: 'symbol',
      source: 'work',
      filter: ['in', ['get', 'kind'], ['literal', ['pin-old', 'pin-new', 'pin-here']]],
      layout: {
        'icon-image': ['get', 'kind'],
        'icon-anchor': 'bottom',
        'icon-offset': [0, 5],
        'icon-allow-overlap': true,
        'symbol-sort-key': ['match', ['get', 'kind'], 'pin-old', 0, 1],
      },
      paint: { 'icon-opacity': ['match', ['get', 'kind'], 'pin-old', 0.75, 1] },
    },
    {
      id: 'work-label',
      type: 'symbol',
      source: 'work',
      filter: ['==', ['get', 'kind'], 'label'],
      layout: {
        'text-field': ['get', 'text'],
        'text-font': FONT,
        'text-size': 14,
        'text-variable-anchor': ['top', 'bottom', 'right', 'left'],
        'text-radial-offset': 0.9,
        'text-allow-overlap': true,
      },
      paint: { 'text-color': '#0f45a3', 'text-halo-color': '#fff', 'text-halo-width': 2.2 },
    },
  );
  return style;
}

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

/** The police map: heat from afar, rentals near by. */
export function rentalsStyle(
  config: Config | null,
  layers: string[],
  vector: StyleSpecification | null = null,
): StyleSpecification {
  const style = ground(config, layers, vector);
  style.sources.work = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  const all: LayerSpecification[] = [
    ...borders(config),
    ...buildings(),
    {
      id: 'heat',
      type: 'heatmap',
      source: 'heat',
      'source-layer': 'heat',
      maxzoom: 16,
      paint: {
        'heatmap-weight': heatWeight([], []),
        'heatmap-radius': ['interpolate', ['exponential', 1.6], ['zoom'], 9, 8, 12, 20, 14, 34, 16, 60],
        'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 9, 0.04, 12, 0.08, 14, 0.16, 16, 0.3],
        'heatmap-opacity': ['interpolate', ['linear'], ['zoom'], RENTAL_ZOOM - 0.3, 0.85, RENTAL_ZOOM + 0.6, 0],
        'heatmap-color': [
          'interpolate',
          ['linear'],
          ['heatmap-density'],
          0,
          'rgba(253,240,181,0)',
          0.08,
          'rgba(253,240,181,0.75)',
          0.3,
          HEAT[1],
          0.55,
          HEAT[2],
          0.78,
          HEAT[3],
          1,
          HEAT[4],
        ],
      },
    },
    ...borderLines(),
    {
      id: 'never-cell',
      type: 'symbol',
      source: 'heat',
      'source-layer': 'heat',
      maxzoom: RENTAL_ZOOM,
      minzoom: 12.5,
      filter: ['>', ['coalesce', ['get', 'uninspected'], 0], 0],
      layout: { 'icon-image': 'rental-never', 'icon-size': 0.55, 'icon-allow-overlap': true, visibility: 'none' },
    },
    gridNames(),
    buildingNames(),
    {
      id: 'rental',
      type: 'symbol',
      source: 'rental',
      'source-layer': 'rental',
      minzoom: RENTAL_ZOOM - 0.3,
      filter: noCount,
      layout: {
        'icon-image': [
          'case',
          ['all', ['has', 'worst'], ['!=', ['get', 'worst'], '']],
          ['concat', 'hazard-', ['get', 'worst']],
          ['==', ['get', 'inspected'], 'never'],
          'rental-never',
          'rental-ok',
        ],
        'icon-size': ['interpolate', ['linear'], ['zoom'], RENTAL_ZOOM, 0.65, 17, 1],
        'icon-allow-overlap': true,
        'icon-padding': 0,
        'symbol-sort-key': ['match', ['get', 'worst'], 'major', 3, 'serious', 2, 'minor', 1, 0],
      },
    },
    {
      id: 'hazard-count',
      type: 'circle',
      source: 'hazard',
      'source-layer': 'hazard',
      filter: isCount,
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'count']], 1, 9, 10, 18, 40, 30],
        'circle-color': ['step', ['get', 'count'], HEAT[0], 5, HEAT[1], 20, HEAT[2]],
        'circle-stroke-color': '#a06a00',
        'circle-stroke-width': 1,
        'circle-opacity': 0.9,
      },
    },
    {
      id: 'hazard-count-text',
      type: 'symbol',
      source: 'hazard',
      'source-layer': 'hazard',
      filter: isCount,
      layout: {
        'text-field': ['to-string', ['get', 'count']],
        'text-font': FONT,
        'text-size': 12,
        'text-allow-overlap': true,
      },
      paint: { 'text-color': INK },
    },
    {
      id: 'hazard',
      type: 'symbol',
      source: 'hazard',
      'source-layer': 'hazard',
      filter: noCount,
      layout: {
        'icon-image': ['concat', 'hazard-', ['get', 'severity']],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 13, 0.65, 17, 1],
        'icon-allow-overlap': true,
        'icon-padding': 0,
        'symbol-sort-key': ['match', ['get', 'severity'], 'major', 3, 'serious', 2, 1],
      },
    },
    {
      id: 'work-halo',
      type: 'circle',
      source: 'work',
      paint: {
        'circle-radius': 17,
        'circle-color': 'rgba(20,86,200,0.12)',
        'circle-stroke-color': ACTION,
        'circle-stroke-width': 2.5,
      },
    },
  ];
  // What a role may not see has no layer here either.
  style.layers.push(...all.filter((layer) => !('source' in layer) || (layer.source as string) in style.sources));
  return style;
}

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

/** The fill of a care layer's grid by its band; a hidden count is pale, under the hatching. */
export function careFill(group: string): ExpressionSpecification {
  const bands = CARE_BANDS.flatMap((band, i) => [band, CARE[i]!]);
  return [
    'match',
    ['coalesce', ['get', `group_${group}`], ''],
    ...bands,
    '#f4f5f3',
  ] as unknown as ExpressionSpecification;
}

/** The leader's map: one level of grids, coloured by one figure. */
export function coverageStyle(
  config: Config | null,
  layers: string[],
  vector: StyleSpecification | null = null,
): StyleSpecification {
  const style = ground(config, layers, vector);
  style.layers.push({
    id: 'rate',
    type: 'fill',
    source: 'grid',
    'source-layer': 'grid',
    paint: { 'fill-color': NO_DATA, 'fill-opacity': 0.92 },
  });
  if (layers.includes('care')) {
    style.layers.push({
      id: 'care',
      type: 'fill',
      source: 'care',
      'source-layer': 'care',
      layout: { visibility: 'none' },
      paint: { 'fill-color': '#fff', 'fill-opacity': 0.95 },
    });
    style.layers.push({
      id: 'care-hatch',
      type: 'fill',
      source: 'care',
      'source-layer': 'care',
      layout: { visibility: 'none' },
      paint: { 'fill-pattern': 'hatch', 'fill-opacity': 0.35 },
    });
    style.layers.push({
      id: 'care-line',
      type: 'line',
      source: 'care',
      'source-layer': 'care',
      layout: { visibility: 'none' },
      paint: { 'line-color': '#ffffff', 'line-width': 1.2 },
    });
  }
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

/** A filter on rentals near by, the same question as the list asks. */
export function rentalFilter(grades: readonly string[], inspected: string | null): FilterSpecification {
  const parts: FilterSpecification[] = [['!', ['has', 'count']]];
  if (grades.length) parts.push(['in', ['get', 'worst'], ['literal', [...grades]]]);
  if (inspected) parts.push(['==', ['get', 'inspected'], inspected]);
  return ['all', ...parts] as FilterSpecification;
}

/** The same on hazards, for those who see these and no rentals. */
export function hazardFilter(items: readonly string[], grades: readonly string[]): FilterSpecification {
  const parts: FilterSpecification[] = [['!', ['has', 'count']]];
  if (grades.length) parts.push(['in', ['get', 'severity'], ['literal', [...grades]]]);
  if (items.length) parts.push(['in', ['get', 'item'], ['literal', [...items]]]);
  return ['all', ...parts] as FilterSpecification;
}
