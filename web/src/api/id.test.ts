import { expect, it } from 'vitest';
import { attempt, newId } from './id';

it('makes a version 4 UUID, another one every time', () => {
  const ids = Array.from({ length: 200 }, newId);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(200);
});

it('sends the same content under the same identifier, and another under another', () => {
  const first = attempt(null, { outcome: 'not_met' });
  expect(attempt(first, { outcome: 'not_met' })).toBe(first);
  const changed = attempt(first, { outcome: 'confirmed' });
  expect(changed.id).not.toBe(first.id);
});
