import { expect, it } from 'vitest';
import type { HazardState } from '../api/types';
import { daysLate, steps } from './step';

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

it.each([
  ['2026-11-20', true, 1],
  ['2026-11-21', true, 1],
  ['2026-07-28', true, 116],
  // The server says what is late, and it isn't what was closed.
  ['2026-07-28', false, 0],
  [null, false, 0],
])('due on %s, overdue: %s: %i days late', (due_on, overdue, days) => {
  expect(daysLate({ due_on, overdue }, Date.parse('2026-11-21T10:00:00Z'))).toBe(days);
});
