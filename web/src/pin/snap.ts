import type { Map } from 'maplibre-gl';
import { nearestOnSegment, type LonLat } from '../geo/measure';

/** How near, in pixels, a pin has to come to a building's outline or to the suggestion to be caught by it. */
const OUTLINE_PX = 12;
const SUGGESTION_PX = 16;

export interface Snapped {
  at: LonLat;
  by: 'building' | 'suggestion' | null;
}

/** Where a pin that is let go at `at` comes to rest. */
export function snap(map: Map, at: LonLat, suggestion: LonLat | null): Snapped {
  const here = map.project([at.lon, at.lat]);
  if (suggestion) {
    const there = map.project([suggestion.lon, suggestion.lat]);
    if (Math.hypot(there.x - here.x, there.y - here.y) <= SUGGESTION_PX) return { at: suggestion, by: 'suggestion' };
  }
  const reach: [[number, number], [number, number]] = [
    [here.x - OUTLINE_PX, here.y - OUTLINE_PX],
    [here.x + OUTLINE_PX, here.y + OUTLINE_PX],
  ];
  if (!map.getLayer('building-fill')) return { at, by: null };
  let best: [number, number] | null = null;
  let least = OUTLINE_PX;
  for (const { geometry } of map.queryRenderedFeatures(reach, { layers: ['building-fill'] })) {
    const polygons =
      geometry.type === 'Polygon'
        ? [geometry.coordinates]
        : geometry.type === 'MultiPolygon'
          ? geometry.coordinates
          : [];
    for (const ring of polygons.flat()) {
      const points = ring.map(([lon, lat]) => map.project([lon!, lat!]));
      for (let i = 1; i < points.length; i++) {
        const [a, b] = [points[i - 1]!, points[i]!];
        const on = nearestOnSegment([here.x, here.y], [a.x, a.y], [b.x, b.y]);
        const px = Math.hypot(on[0] - here.x, on[1] - here.y);
        if (px < least) [best, least] = [on, px];
      }
    }
  }
  if (!best) return { at, by: null };
  const { lng, lat } = map.unproject(best);
  return { at: { lon: lng, lat }, by: 'building' };
}

/** A tick that can be felt, where the device has one. */
export function tick(): void {
  navigator.vibrate?.(8);
}
