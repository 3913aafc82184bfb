/** Numbers as people read them. A number never stands without its unit or base; these print the parts. */

/** "12,345". */
export function whole(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * A share from 0 to 1 as a percentage with one decimal, never rounded up to a full 100 % nor down to 0 %:
 * "99.9%" where 9,999 of 10,000 are done.
 */
export function percent(share: number | null | undefined): string {
  if (share == null || !Number.isFinite(share)) return '–';
  if (share >= 1) return '100%';
  if (share <= 0) return '0%';
  return `${Math.min(99.9, Math.max(0.1, Math.round(share * 1000) / 10)).toFixed(1)}%`;
}

/** A probability: nothing is certain, so that what rounds to 1 is told as "99.9%". */
export function likely(p: number | null | undefined): string {
  return percent(p == null ? p : Math.min(p, 0.999));
}

/** A target as it was set: "95%", "97.5%". */
export function goal(share: number): string {
  return `${+(share * 100).toFixed(1)}%`;
}

/** Percentage points from a target, signed: "+1.2", "−3.4", "0.0". The minus is a real minus. */
export function points(share: number, target: number): string {
  const value = Math.round((share - target) * 1000) / 10;
  return value === 0 ? '0.0' : `${value > 0 ? '+' : '\u2212'}${Math.abs(value).toFixed(1)}`;
}

/** Metres for reading: "8 m", "340 m", "1.2 km". Under ten metres one decimal where it is asked for. */
export function metres(value: number, fine = false): { value: string; unit: 'm' | 'km' } {
  if (value < 995) return { value: fine && value < 10 ? value.toFixed(1) : Math.round(value).toString(), unit: 'm' };
  const km = value / 1000;
  return { value: km < 99.5 ? km.toFixed(1) : whole(km), unit: 'km' };
}

/** A measured value of a signal: as many digits as it can be trusted for. */
export function measured(value: number): string {
  if (Number.isInteger(value)) return whole(value);
  const size = Math.abs(value);
  return size >= 100
    ? whole(value)
    : size >= 10
      ? value.toFixed(1)
      : size >= 0.01
        ? value.toFixed(2)
        : value.toPrecision(2);
}
