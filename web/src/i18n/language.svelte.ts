import { bearingDeg, direction, distanceM, type LonLat } from '../geo/measure';
import { metres } from '../format/number';
import type { Problem } from '../api/problem';
import type { Text } from '../api/types';
import { en } from './en';
import { zh, type Key } from './zh';

export type Language = 'zh' | 'en';
const STORED = 'gridpin.language';

/** The chosen language. Chinese first; the choice is kept on this device. */
export const language = $state({ current: (localStorage.getItem(STORED) === 'en' ? 'en' : 'zh') as Language });

export function setLanguage(next: Language): void {
  language.current = next;
  localStorage.setItem(STORED, next);
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
}
document.documentElement.lang = language.current === 'zh' ? 'zh-CN' : 'en';

/** The text of a key, with its `{places}` filled; `{n?hazard:hazards}` is the first word for 1, else the second. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text: string = (language.current === 'zh' ? zh : en)[key];
  return text
    .replace(/\{(\w+)\?([^:}]*):([^}]*)\}/g, (_, name: string, one: string, many: string) =>
      String(values[name]) === '1' ? one : many,
    )
    .replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The text of a key that is put together from a code; the code itself where there is none. */
export function tc(prefix: string, code: string | null | undefined): string {
  if (!code) return '–';
  const key = `${prefix}_${code}`;
  return key in zh ? t(key as Key) : code;
}

/** A text of the server in the chosen language. */
export function say(text: Text | null | undefined): string {
  // A number and its unit stay on one line.
  return text
    ? (text[language.current] || text.zh || text.en).replace(/(\d) (?=(?:k?m²?|mm|cm)(?![a-z]))/g, '$1\u00a0')
    : '';
}

/** "43 米", "1.2 km". */
export function sayMetres(value: number, fine = false): string {
  const { value: n, unit } = metres(value, fine);
  return t(unit === 'm' ? 'unit_m' : 'unit_km', { n });
}

/** The compass word from one place to another, and the metres: "43 米", "向东". */
export function sayWay(from: LonLat, to: LonLat): { d: string; direction: string; m: number } {
  const m = distanceM(from, to);
  return { d: sayMetres(m, true), direction: t(direction(bearingDeg(from, to))), m };
}

/** What stands at an arrow from one place to another: "向东 43 米", "43 m east". */
export function sayArrow(from: LonLat | null, to: LonLat | null): string {
  if (!from || !to) return '';
  const { d, direction } = sayWay(from, to);
  return language.current === 'zh' ? `${direction} ${d}` : `${d} ${direction}`;
}

/** "11:42" of today, "11月20日 11:42" of another day. */
export function sayTime(at: Date | string | null | undefined): string {
  if (!at) return '–';
  const date = typeof at === 'string' ? new Date(at) : at;
  if (Number.isNaN(date.getTime())) return '–';
  const locale = language.current === 'zh' ? 'zh-CN' : 'en-GB';
  const clock = { hour: '2-digit', minute: '2-digit', hour12: false } as const;
  const now = new Date();
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString(locale, clock);
  const year = date.getFullYear() === now.getFullYear() ? undefined : ('numeric' as const);
  return date.toLocaleString(locale, { year, month: 'short', day: 'numeric', ...clock });
}

/** "2026-11-21": a day reads the same in both languages. */
export function sayDay(at: string | null | undefined): string {
  return at ? at.slice(0, 10) : '–';
}

/** What went wrong, in words; the server's own words first. `reading`: nothing was sent, so nothing can be lost. */
export function sayProblem(problem: Problem, reading = false): string {
  if (problem.kind === 'offline' || problem.kind === 'unanswered')
    return t(reading ? 'problem_offline_read' : `problem_${problem.kind}`);
  if (problem.kind === 'signed_out') return t('problem_signed_out');
  const reasons = problem.errors.map((error) => say(error.reason)).filter(Boolean);
  if (reasons.length) return reasons.join(language.current === 'zh' ? '；' : '; ');
  const detail = say(problem.detailText);
  if (detail && problem.kind !== 'fault') return detail;
  return t(`problem_${problem.kind}` as Key, { status: problem.status });
}
