import { expect, it } from 'vitest';
import { percent } from './check';

it('says how much is done, and never that all is before it is', () => {
  expect([0, 0.004, 0.5, 0.999, 1, 2, -1].map((share) => percent({ share }))).toEqual([0, 0, 50, 99, 99, 99, 0]);
});
