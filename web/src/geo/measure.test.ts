import { describe, expect, it } from 'vitest';
import { bearingDeg, circle, direction, distanceM, isOnEarth, nearestOnSegment, overlap, tilesOf } from './measure';

const a = { lon: 119.92, lat: 28.45 };

describe('measure', () => {
  // Geodesics on GRS80 computed with PROJ 9 (`geod +ellps=GRS80 -I`), at 28.45 N: the same as the server's test.
  it.each([
    [{ lon: 119.92, lat: 28.46 }, 1108.389, 0],
    [{ lon: 119.93, lat: 28.45 }, 979.165, 90],
    [{ lon: 119.92, lat: 28.44 }, 1108.387, 180],
  ])('agrees with the ellipsoid', (b, metres, bearing) => {
    expect(distanceM(a, b)).toBeCloseTo(metres, 0);
    expect(bearingDeg(a, b)).toBeCloseTo(bearing, 6);
  });

  it.each([
    [0, 'n'],
    [22.4, 'n'],
    [22.6, 'ne'],
    [90, 'e'],
    [134, 'se'],
    [180, 's'],
    [225, 'sw'],
    [270, 'w'],
    [315, 'nw'],
    [338, 'n'],
    [-45, 'nw'],
    [359.9, 'n'],
  ])('names %f degrees %s', (bearing, word) => expect(direction(bearing)).toBe(word));

  it('finds the nearest point of a segment, its ends included', () => {
    expect(nearestOnSegment([5, 5], [0, 0], [10, 0])).toEqual([5, 0]);
    expect(nearestOnSegment([-5, 5], [0, 0], [10, 0])).toEqual([0, 0]);
    expect(nearestOnSegment([3, 4], [1, 1], [1, 1])).toEqual([1, 1]);
  });

  it('draws circles of the right radius', () => {
    for (const [lon, lat] of circle(a, 50)) expect(distanceM(a, { lon, lat })).toBeCloseTo(50, 1);
  });

  it('knows what is on earth', () => {
    expect(isOnEarth(a)).toBe(true);
    for (const at of [null, { lon: 28.45, lat: 119.92 }, { lon: Number.NaN, lat: 1 }, { lon: 40_512_345, lat: 3 }]) {
      expect(isOnEarth(at)).toBe(false);
    }
  });

  it('finds what two boxes share', () => {
    expect(overlap([0, 0, 2, 2], [1, 1, 3, 3])).toEqual([1, 1, 2, 2]);
    expect(overlap([0, 0, 1, 1], [1, 1, 3, 3])).toEqual([1, 1, 1, 1]);
    expect(overlap([0, 0, 1, 1], [2, 0, 3, 1])).toBeNull();
  });

  it('lists the tiles of a box', () => {
    expect(tilesOf([-180, -85, 180, 85], 1)).toHaveLength(4);
    expect(tilesOf([119.92, 28.45, 119.92, 28.45], 14)).toEqual([{ x: 13649, y: 6840, z: 14 }]);
    // A pin on the eastern edge of a tile is drawn in the one beside it too.
    const edge = (13650 / 2 ** 14) * 360 - 180 - 1e-5;
    expect(tilesOf([edge, 28.45, edge, 28.45], 14)).toHaveLength(1);
    expect(tilesOf([edge, 28.45, edge, 28.45], 14, 1 / 64).map(({ x }) => x)).toEqual([13649, 13650]);
    expect(tilesOf([-180, 0, -180, 0], 3, 1 / 64)).toHaveLength(2);
  });
});
