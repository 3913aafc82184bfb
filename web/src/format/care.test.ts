import { expect, it } from 'vitest';
import { bandText, CARE_BANDS, careBand } from './care';

it('knows the published bands and nothing else', () => {
  expect(CARE_BANDS.map(careBand)).toEqual([...CARE_BANDS]);
  for (const text of ['', '0-9', '7', 12, null, undefined, '10-20']) expect(careBand(text)).toBeNull();
});

it('prints bands with a dash between numbers', () => {
  expect(CARE_BANDS.map(bandText)).toEqual(['10–19', '20–49', '50–99', '100+']);
});
