import { beforeEach, expect, it, vi } from 'vitest';
import { Draft } from './draft';

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  vi.useRealTimers();
});

it('comes back until it is dropped, to the one who wrote it', () => {
  const draft = new Draft<{ note: string }>('collector', 'hazard', 'A1');
  expect(draft.read()).toBeNull();
  draft.keep({ note: '线路老化' });
  expect(new Draft('collector', 'hazard', 'A1').read()).toEqual({ note: '线路老化' });
  expect(new Draft('police', 'hazard', 'A1').read()).toBeNull();
  expect(new Draft('collector', 'hazard', 'A2').read()).toBeNull();
  expect(new Draft('collector', 'visit', 'A1').read()).toBeNull();
  draft.drop();
  expect(draft.read()).toBeNull();
});

it('is forgotten after two weeks', () => {
  const draft = new Draft<{ note: string }>('collector', 'hazard', 'A1');
  draft.keep({ note: 'x' });
  vi.useFakeTimers({ now: Date.now() + 15 * 86_400_000 });
  expect(draft.read()).toBeNull();
});

it('survives what cannot be read and a device that stores nothing', () => {
  localStorage.setItem('gridpin.draft/collector/hazard/A1', '{');
  const draft = new Draft<{ note: string }>('collector', 'hazard', 'A1');
  expect(draft.read()).toBeNull();
  vi.stubGlobal('localStorage', {
    setItem: () => {
      throw new Error('full');
    },
  });
  expect(() => draft.keep({ note: 'x' })).not.toThrow();
});
