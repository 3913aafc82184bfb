import { expect, it } from 'vitest';
import { ITEMS } from '../rental/item';
import { complete, freshEntry, freshHazard, missing, reported, ungraded } from './inspection';

it('wants an answer to each of the eight items', () => {
  const entry = freshEntry();
  expect(missing(entry)).toEqual(ITEMS);
  expect(complete(entry)).toBeNull();
  for (const item of ITEMS) entry.findings[item] = 'pass';
  expect(missing(entry)).toEqual([]);
  expect(complete(entry)).toEqual(entry.findings);
});

it('reports only what failed and is wanted, and only with a severity', () => {
  const entry = freshEntry();
  entry.findings = { wiring: 'fail', gas: 'fail', smoke_alarm: 'pass' };
  entry.hazards = { wiring: freshHazard(true), gas: freshHazard(false), smoke_alarm: freshHazard(true) };
  expect(reported(entry)).toEqual(['wiring']);
  expect(ungraded(entry)).toEqual(['wiring']);
  entry.hazards.wiring!.severity = 'serious';
  expect(ungraded(entry)).toEqual([]);
});
