import { describe, expect, it } from 'vitest';
import { goal, likely, measured, metres, percent, points, whole } from './number';

describe('numbers', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567, '1,234,567'],
  ])('groups %d', (value, text) => expect(whole(value)).toBe(text));

  it.each([
    [null, '–'],
    [Number.NaN, '–'],
    [0, '0%'],
    [0.0001, '0.1%'],
    [0.9465, '94.7%'],
    [0.9999, '99.9%'],
    [1, '100%'],
  ])('prints the share %s as %s', (share, text) => expect(percent(share)).toBe(text));

  it('calls nothing certain', () => {
    expect([0.83, 0.99951, 1, null].map(likely)).toEqual(['83.0%', '99.9%', '99.9%', '–']);
  });

  it('prints targets as they were set', () => {
    expect([0.95, 1, 0.975].map(goal)).toEqual(['95%', '100%', '97.5%']);
  });

  it('says how far from the target', () => {
    expect(points(0.962, 0.95)).toBe('+1.2');
    expect(points(0.916, 0.95)).toBe('\u22123.4');
    expect(points(0.95, 0.95)).toBe('0.0');
  });

  it('chooses metres or kilometres', () => {
    expect(metres(8.26)).toEqual({ value: '8', unit: 'm' });
    expect(metres(8.26, true)).toEqual({ value: '8.3', unit: 'm' });
    expect(metres(994)).toEqual({ value: '994', unit: 'm' });
    expect(metres(996)).toEqual({ value: '1.0', unit: 'km' });
    expect(metres(123456)).toEqual({ value: '123', unit: 'km' });
  });

  it('gives measured values their digits', () => {
    expect([12345.6, 43.21, 3.14159, 0.5, 0.00123, 7].map(measured)).toEqual([
      '12,346',
      '43.2',
      '3.14',
      '0.50',
      '0.0012',
      '7',
    ]);
  });
});
