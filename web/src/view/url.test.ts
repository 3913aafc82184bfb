import { describe, expect, it } from 'vitest';
import { EMPTY, format, parse, type View } from './url';

describe('the view in the address bar', () => {
  const full: View = {
    page: 'pins',
    map: { zoom: 15.25, lat: 28.451234, lon: 119.923456 },
    grid: '331102001',
    flag: 'ab12',
    address: '丽 1&2=3',
    rule: 'grid_mismatch',
    group: '0011223344556677',
    severity: 'error',
    items: ['wiring', 'gas'],
    grades: ['major'],
    inspected: 'never',
    rental: 'R1',
    state: 'mended',
    hazard: 'H1',
    colour: 'care:over_80',
  };

  it.each([full, EMPTY, { ...EMPTY, page: 'coverage' as const, grid: '3311' }])('comes back as it was', (view) => {
    expect(parse(format(view))).toEqual(view);
  });

  it('is short where nothing is chosen', () => {
    expect(format(EMPTY)).toBe('#/');
    expect(format({ ...EMPTY, page: 'rentals' })).toBe('#/rentals');
  });

  it.each([
    '',
    '#',
    '#/nowhere?map=x/y/z',
    '#/pins?map=15',
    '#/pins?map=15/95/200',
    '#/pins?map=//',
    '#/pins?items=,,',
  ])('survives %s', (hash) => {
    const view = parse(hash);
    expect(view.map).toBeNull();
    expect(view.items).toEqual([]);
  });
});
