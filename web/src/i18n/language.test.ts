import { expect, it } from 'vitest';
import { en } from './en';
import { zh } from './zh';

const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

it('says everything in both languages', () => {
  expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  for (const [key, text] of Object.entries({ ...zh })) {
    expect(text.trim(), key).not.toBe('');
    expect(en[key as keyof typeof zh].trim(), key).not.toBe('');
  }
});

it('fills the same places in both languages', () => {
  // A unit that Chinese needs beside a number may be missing in English.
  const optional = new Set(['{unit}']);
  for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
    const wanted = places(zh[key]).filter((place) => !optional.has(place));
    expect(
      places(en[key]).filter((place) => !optional.has(place)),
      key,
    ).toEqual(wanted);
  }
});

it('has no Chinese left in English', () => {
  // But for the switch, which names the other language in that language.
  const names = new Set(['language', 'language_short']);
  for (const [key, text] of Object.entries(en)) if (!names.has(key)) expect(text, key).not.toMatch(/[\u4e00-\u9fff]/);
});

it('names everything that the server names by code', () => {
  const codes = {
    item: [
      'wiring',
      'ebike_charging',
      'gas',
      'escape_route',
      'barred_window',
      'extinguisher',
      'smoke_alarm',
      'combustible_partition',
    ],
    care: [
      'living_alone',
      'over_80',
      'empty_nest',
      'left_behind',
      'disabled',
      'low_income',
      'children_without_carers',
      'special_support',
    ],
    role: ['collector', 'reviewer', 'department', 'police', 'leader', 'steward'],
    level: ['district', 'street', 'village', 'grid', 'microgrid'],
    state: ['open', 'assigned', 'mended', 'closed'],
    space: ['residential', 'basement', 'half_basement', 'non_residential'],
    method: ['phone', 'map', 'survey', 'suggested', 'register'],
    problem: ['offline', 'signed_out', 'forbidden', 'not_found', 'conflict', 'invalid', 'unavailable', 'fault'],
  };
  for (const [prefix, words] of Object.entries(codes))
    for (const word of words) expect(zh).toHaveProperty(`${prefix}_${word}`);
});
