import { expect, it } from 'vitest';
import type { IndicatorRow } from '../api/types';
import { gaps } from './gap';

const row = (grid_code: string, count: number, base: number, missing: number): IndicatorRow => ({
  grid_code,
  name: `格${grid_code}`,
  level: 'grid',
  bbox: [0, 0, 1, 1],
  indicators: [
    { code: 'collection', value: count / base, count, base, target: 0.95, missing },
    { code: 'closure', value: 1, count: 4, base: 4, target: 1, missing: 0 },
  ],
});

it('says what is missing and where most of it is', () => {
  const answer = gaps({
    grid: row('1', 850, 1000, 100),
    items: [row('11', 90, 100, 5), row('12', 50, 100, 45), row('13', 99, 100, 0), row('14', 90, 100, 5)],
  });
  expect(answer).toEqual([
    {
      code: 'collection',
      short: 100,
      most: [
        { grid_code: '12', name: '格12', short: 45 },
        { grid_code: '11', name: '格11', short: 5 },
        { grid_code: '14', name: '格14', short: 5 },
      ],
    },
  ]);
});

it('has nothing to say where every target is met, or where there is no figure', () => {
  expect(gaps({ grid: row('1', 95, 100, 0), items: [] })).toEqual([]);
  expect(gaps({ grid: null, items: [] })).toEqual([]);
});
