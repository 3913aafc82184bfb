import { expect, it } from 'vitest';
import type { HazardState } from '../api/types';
import { steps } from './step';

const me = { name: 'department', rights: ['MoveHazard'] };
it.each<[HazardState, string, string[]]>([
  ['open', 'W049', ['assigned', 'mended']],
  ['assigned', 'W049', ['mended']],
  ['mended', 'W049', ['closed', 'assigned']],
  ['closed', 'W049', []],
  // The finder takes and mends like anybody, but does not close.
  ['open', 'department', ['assigned', 'mended']],
  ['mended', 'department', ['assigned']],
])('from %s, found by %s: %j', (state, found_by, to) => {
  expect(steps({ state, found_by }, me).map((step) => step.to)).toEqual(to);
  expect(steps({ state, found_by }, { name: 'collector', rights: [] })).toEqual([]);
});
