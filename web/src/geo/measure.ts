/** Distances and directions between two positions, in metres and degrees. The same plane as the server's `Frame`. */

/** A position: degrees of CGCS2000 (the map draws it as WGS84; the decimetre between them does not show). */
export interface LonLat {
  lon: number;
  lat: number;
}

/** West, south, east, north: degrees. */
export type Box = [number, number, number, number];

const SEMI_MAJOR_M = 6_378_137;
const ECCENTRICITY_2 = 0.006_694_380_022_900_788;

/** Metres in a degree of longitude and of latitude at a latitude (GRS80). */
export function metresPerDegree(lat: number): { lon: number; lat: number } {
  const phi = (lat * Math.PI) / 180;
  const w2 = 1 - ECCENTRICITY_2 * Math.sin(phi) ** 2;
  const prime = SEMI_MAJOR_M / Math.sqrt(w2);
  const meridian = (prime * (1 - ECCENTRICITY_2)) / w2;
  return { lon: (prime * Math.cos(phi) * Math.PI) / 180, lat: (meridian * Math.PI) / 180 };
}

/** Metres east and north from `a` to `b`. */
export function offsetM(a: LonLat, b: LonLat): { x: number; y: number } {
  const m = metresPerDegree((a.lat + b.lat) / 2);
  return { x: (b.lon - a.lon) * m.lon, y: (b.lat - a.lat) * m.lat };
}

/** Metres between two positions; better than a centimetre within 10 km. */
export function distanceM(a: LonLat, b: LonLat): number {
  const { x, y } = offsetM(a, b);
  return Math.hypot(x, y);
}

/** Compass bearing from `a` to `b` in degrees: 0 north, 90 east. */
export function bearingDeg(a: LonLat, b: LonLat): number {
  const { x, y } = offsetM(a, b);
  return ((Math.atan2(x, y) * 180) / Math.PI + 360) % 360;
}

/** The eight directions of the compass, clockwise from north. */
export const DIRECTIONS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** The direction that a bearing is nearest to. */
export function direction(bearing: number): Direction {
  return DIRECTIONS[Math.round((((bearing % 360) + 360) % 360) / 45) % 8] ?? 'n';
}

/** The point of the segment a-b that is nearest to `p`, in any flat plane. */
export function nearestOnSegment(p: [number, number], a: [number, number], b: [number, number]): [number, number] {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2));
  return [a[0] + t * dx, a[1] + t * dy];
}

/** A circle of `radius` metres around a position, as a closed ring of degrees. */
export function circle(at: LonLat, radius: number, steps = 64): [number, number][] {
  const m = metresPerDegree(at.lat);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = (i / steps) * 2 * Math.PI;
    return [at.lon + (Math.cos(angle) * radius) / m.lon, at.lat + (Math.sin(angle) * radius) / m.lat];
  });
}

/** Whether both numbers are finite and on earth. */
export function isOnEarth(at: LonLat | null | undefined): at is LonLat {
  return at != null && Math.abs(at.lon) <= 180 && Math.abs(at.lat) <= 85;
}

/** The box grown by a share of its size on every side, so that what it holds does not touch the frame. */
export function grown([w, s, e, n]: Box, share: number): Box {
  const [dx, dy] = [(e - w) * share, (n - s) * share];
  return [w - dx, s - dy, e + dx, n + dy];
}

/** What two boxes share; null where they are apart. */
export function overlap([w, s, e, n]: Box, [w2, s2, e2, n2]: Box): Box | null {
  const both: Box = [Math.max(w, w2), Math.max(s, s2), Math.min(e, e2), Math.min(n, n2)];
  return both[0] <= both[2] && both[1] <= both[3] ? both : null;
}

/**
 * The tiles of one zoom that a box touches, grown by a share of a tile's side. Named x and y: the order of rows and columns
 * has no place here.
 */
export function tilesOf([w, s, e, n]: Box, z: number, margin = 0): { x: number; y: number; z: number }[] {
  const size = 2 ** z;
  const within = (v: number) => Math.min(size - 1, Math.max(0, Math.floor(v)));
  const column = (lon: number) => ((lon + 180) / 360) * size;
  const row = (lat: number) => {
    const phi = (Math.min(85.05, Math.max(-85.05, lat)) * Math.PI) / 180;
    return ((1 - Math.log(Math.tan(phi) + 1 / Math.cos(phi)) / Math.PI) / 2) * size;
  };
  const tiles = [];
  for (let x = within(column(w) - margin); x <= within(column(e) + margin); x++) {
    for (let y = within(row(n) - margin); y <= within(row(s) + margin); y++) tiles.push({ x, y, z });
  }
  return tiles;
}
