import type { ExpressionSpecification, FilterSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { ACTION } from './colour';
import { FONT, ground, type Site } from './ground';

/** A filter on single flags, the same question as the list asks, and the one whose card is open. */
export function flagFilter(rule: string | null, severity: string | null, open: string | null): FilterSpecification {
  const parts: FilterSpecification[] = [['!', ['has', 'count']]];
  if (rule) parts.push(['==', ['get', 'rule'], rule]);
  if (severity) parts.push(['==', ['get', 'severity'], severity]);
  return ['any', ['all', ...parts], ['==', ['get', 'flag_id'], open ?? '']] as FilterSpecification;
}

/** How many flags of a severity a cell counts, from far away; cells know of no rule. */
export function flagCount(severity: string | null): ExpressionSpecification {
  return ['coalesce', ['get', severity ?? 'count'], 0];
}

/** The collector's map: what the server draws, where this device is, and the work on the open card. */
export function pinsStyle(site: Site): StyleSpecification {
  const style = ground(site, ['grid', 'building', 'address', 'flag']);
  style.sources.work = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  style.sources.me = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  style.sources.group = { type: 'geojson', lineMetrics: true, data: { type: 'FeatureCollection', features: [] } };
  style.sources.pointed = { type: 'geojson', data: { type: 'FeatureCollection', features: [] } };
  style.layers.push(
    ...groupLayers(),
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

/** A group of pins: ghosts where they stand, solid where they belong, lines that grow solid between them. */
function groupLayers(): LayerSpecification[] {
  const kind = (name: string, ...states: string[]): ExpressionSpecification => [
    'all',
    ['==', ['get', 'kind'], name],
    ['in', ['get', 'state'], ['literal', states]],
  ];
  const GHOST = '#65737a';
  return [
    {
      id: 'group-way',
      type: 'line',
      source: 'group',
      filter: kind('way', 'going'),
      paint: {
        'line-width': ['interpolate', ['linear'], ['zoom'], 13, 1.25, 17, 2],
        'line-gradient': [
          'interpolate',
          ['linear'],
          ['line-progress'],
          0,
          'rgba(20,86,200,0.12)',
          1,
          'rgba(20,86,200,0.85)',
        ],
      },
    },
    {
      id: 'group-from',
      type: 'circle',
      source: 'group',
      filter: kind('from', 'going', 'out'),
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 13, 3, 17, 5],
        'circle-color': ['match', ['get', 'state'], 'out', '#fff', 'rgba(255,255,255,0.75)'],
        'circle-stroke-color': GHOST,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: 'group-arrow',
      type: 'symbol',
      source: 'group',
      minzoom: 13.5,
      filter: kind('arrow', 'going'),
      layout: {
        'icon-image': 'arrow',
        'icon-size': 0.7,
        'icon-rotate': ['get', 'bearing'],
        'icon-rotation-alignment': 'map',
      },
    },
    {
      id: 'group-to',
      type: 'circle',
      source: 'group',
      filter: kind('to', 'going'),
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 13, 3.5, 17, 6],
        'circle-color': ACTION,
        'circle-stroke-color': '#fff',
        'circle-stroke-width': 1.25,
      },
    },
    {
      id: 'group-pointed',
      type: 'line',
      source: 'pointed',
      filter: ['==', ['get', 'kind'], 'way'],
      layout: { 'line-cap': 'round' },
      paint: { 'line-color': ACTION, 'line-width': 4 },
    },
    {
      id: 'group-pointed-pin',
      type: 'symbol',
      source: 'pointed',
      filter: ['in', ['get', 'kind'], ['literal', ['from', 'to']]],
      layout: {
        'icon-image': ['match', ['get', 'kind'], 'from', 'pin-old', 'pin-new'],
        'icon-anchor': 'bottom',
        'icon-offset': [0, 5],
        'icon-allow-overlap': true,
      },
    },
  ];
}
