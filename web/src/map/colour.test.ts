import { expect, it } from 'vitest';
import { NO_DATA, RATE, rateClasses, rateColour } from './colour';

it('centres the scale on the target', () => {
  expect(rateColour(0.95, 0.95)).toBe(RATE[4]);
  expect(rateColour(0.9499, 0.95)).toBe(RATE[3]);
  expect(rateColour(0.5, 0.95)).toBe(RATE[0]);
  expect(rateColour(1, 0.95)).toBe(RATE[6]);
  expect(rateColour(null, 0.95)).toBe(NO_DATA);
});

it('shows only the classes that can occur', () => {
  expect(rateClasses(0.95)).toHaveLength(7);
  expect(rateClasses(1)).toHaveLength(5);
});
