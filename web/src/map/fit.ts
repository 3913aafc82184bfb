import type { Map, PaddingOptions } from 'maplibre-gl';
import type { Box, LonLat } from '../geo/measure';
import { HALF } from '../part/Sheet.svelte';
import { desk } from '../view/screen.svelte';

/** The map's room beside the drawer of a desk, or above the half-open sheet of a phone. */
function room(map: Map): PaddingOptions {
  return desk.current
    ? { top: 96, bottom: 96, left: 96, right: 96 + 440 }
    : { top: 84, bottom: Math.round(map.getContainer().clientHeight * HALF) + 36, left: 56, right: 72 };
}

/** Brings a box into sight, as near as a house is read best. */
export function fitBox(map: Map, box: Box): void {
  map.fitBounds(box, { padding: room(map), maxZoom: 18, duration: 600 });
}

/** Brings places into sight. */
export function fit(map: Map, places: LonLat[]): void {
  if (!places.length) return;
  const [lons, lats] = [places.map(({ lon }) => lon), places.map(({ lat }) => lat)];
  fitBox(map, [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]);
}
