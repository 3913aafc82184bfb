import type { Feature, FeatureCollection } from 'geojson';
import type { GroupMember } from '../api/types';
import { bearingDeg, circle, distanceM, isOnEarth, type LonLat } from '../geo/measure';

const point = (at: LonLat, properties: Record<string, unknown>): Feature => ({
  type: 'Feature',
  geometry: { type: 'Point', coordinates: [at.lon, at.lat] },
  properties,
});

/** What is drawn when nothing is open. */
export const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

export interface Drawing {
  /** The pin as it stands. */
  pin: LonLat | null;
  /** Where it should stand, or where it is being moved to. */
  target: LonLat | null;
  /** How far off the target may be, metres. */
  radius: number | null;
  /** Metres and compass word for the arrow. */
  label: string;
  /** What an evidence row points at. */
  pointed: LonLat | null;
  /** Whether the target is being dragged: then the marker draws it. */
  moving: boolean;
}

/** What is drawn over the map for the open card: ghost, new pin, arrow, circle. */
export function draw({ pin, target, radius, label, pointed, moving }: Drawing): FeatureCollection {
  const features: Feature[] = [];
  const from = isOnEarth(pin) ? pin : null;
  const to = isOnEarth(target) ? target : null;
  const apart = from && to ? distanceM(from, to) : 0;
  if (to && radius && !moving)
    features.push({
      type: 'Feature',
      geometry: { type: 'Polygon', coordinates: [circle(to, radius)] },
      properties: { kind: 'radius' },
    });
  if (from && to && apart > 0.05) {
    features.push({
      type: 'Feature',
      geometry: {
        type: 'LineString',
        coordinates: [
          [from.lon, from.lat],
          [to.lon, to.lat],
        ],
      },
      properties: { kind: 'way' },
    });
    const part = (share: number) => ({
      lon: from.lon + (to.lon - from.lon) * share,
      lat: from.lat + (to.lat - from.lat) * share,
    });
    if (apart > 3) features.push(point(part(0.5), { kind: 'arrow', bearing: bearingDeg(from, to) }));
    // While it is dragged, the panel says how far.
    if (!moving) features.push(point(part(0.5), { kind: 'label', text: label }));
  }
  if (from) features.push(point(from, { kind: to && (apart > 0.05 || moving) ? 'pin-old' : 'pin-here' }));
  if (to && !moving && (apart > 0.05 || !from)) features.push(point(to, { kind: 'pin-new' }));
  if (isOnEarth(pointed)) features.push(point(pointed, { kind: 'source' }));
  return { type: 'FeatureCollection', features };
}

/** The features of one pin of a group: where it stands, where it belongs, the way between, and the arrow's head. */
function parts({ address_id, from, to }: GroupMember, state: 'going' | 'out'): Feature[] {
  const of = (kind: string) => ({ kind, state, address_id });
  const solid = point(to, of('to'));
  if (!isOnEarth(from)) return [solid];
  const coordinates = [from, to].map(({ lon, lat }) => [lon, lat]);
  const head = {
    lon: from.lon + (to.lon - from.lon) * 0.72,
    lat: from.lat + (to.lat - from.lat) * 0.72,
  };
  return [
    { type: 'Feature', geometry: { type: 'LineString', coordinates }, properties: of('way') },
    point(head, { ...of('arrow'), bearing: bearingDeg(from, to) }),
    point(from, of('from')),
    solid,
  ];
}

/**
 * What is drawn for a group: every pin as a ghost where it stands, solid where it belongs, and the way between. Those in
 * `out` stay where they are.
 */
export function drawGroup(members: GroupMember[], out: ReadonlySet<string>): FeatureCollection {
  const features = members.flatMap((member) => parts(member, out.has(member.address_id) ? 'out' : 'going'));
  return { type: 'FeatureCollection', features };
}

/** The pin of a group that somebody points at: it stands out. */
export function drawPointed(member: GroupMember | undefined): FeatureCollection {
  return { type: 'FeatureCollection', features: member ? parts(member, 'going') : [] };
}
