import { expect, it } from 'vitest';
import { flagCount, flagFilter } from './pins';

it('shows the flags that the list shows, and the one whose card is open', () => {
  const single = ['!', ['has', 'count']];
  expect(flagFilter(null, null, null)).toEqual(['any', ['all', single], ['==', ['get', 'flag_id'], '']]);
  expect(flagFilter('datum_gcj02', 'error', 'f1')).toEqual([
    'any',
    ['all', single, ['==', ['get', 'rule'], 'datum_gcj02'], ['==', ['get', 'severity'], 'error']],
    ['==', ['get', 'flag_id'], 'f1'],
  ]);
});

it('counts one severity from far away, or all', () => {
  expect(flagCount('info')).toEqual(['coalesce', ['get', 'info'], 0]);
  expect(flagCount(null)).toEqual(['coalesce', ['get', 'count'], 0]);
});
