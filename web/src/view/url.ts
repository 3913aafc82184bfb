/** The whole view in the address bar: every state of the client has an address that can be sent to a colleague. */

export const PAGES = ['pins', 'review', 'rentals', 'hazards', 'coverage', 'data', 'audit', 'account'] as const;
export type Page = (typeof PAGES)[number];
export const INDICATORS = ['collection', 'accuracy', 'registration', 'closure'] as const;
export type Indicator = (typeof INDICATORS)[number];

/** What is on the screen. Absent fields have their default. */
export interface View {
  page: Page | null;
  /** Middle of the map and zoom. */
  map: { lon: number; lat: number; zoom: number } | null;
  /** Grid code that lists and figures are cut to. */
  grid: string | null;
  /** Selected flag and address. */
  flag: string | null;
  address: string | null;
  /** Selected batch with one cause. */
  group: string | null;
  /** Filters of the list of flags. */
  rule: string | null;
  severity: string | null;
  /** Filters of the rentals. */
  items: string[];
  grades: string[];
  inspected: string | null;
  rental: string | null;
  /** Which hazards are listed, by where they stand, and the one that is open. */
  state: string | null;
  hazard: string | null;
  /** Which figure colours the coverage map, or `care:<group>`. */
  colour: string | null;
}

export const EMPTY: View = {
  page: null,
  map: null,
  grid: null,
  flag: null,
  address: null,
  group: null,
  rule: null,
  severity: null,
  items: [],
  grades: [],
  inspected: null,
  rental: null,
  state: null,
  hazard: null,
  colour: null,
};

const TEXTS = [
  'grid',
  'flag',
  'address',
  'group',
  'rule',
  'severity',
  'inspected',
  'rental',
  'state',
  'hazard',
  'colour',
] as const;
const LISTS = ['items', 'grades'] as const;

/** Reads `#/page?key=value`. What it does not understand it leaves out: an address never breaks the client. */
export function parse(hash: string): View {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const params = new URLSearchParams(query);
  const view: View = { ...EMPTY, page: PAGES.find((page) => page === path) ?? null };
  for (const key of TEXTS) view[key] = params.get(key) || null;
  for (const key of LISTS) view[key] = (params.get(key) ?? '').split(',').filter(Boolean);
  const [zoom, lat, lon] = (params.get('map') ?? '').split('/').map((text) => (text ? Number(text) : NaN));
  if (zoom != null && lat != null && lon != null) {
    // Comparisons with NaN are false: what is no number is no place.
    if (Math.abs(lat) <= 85 && Math.abs(lon) <= 180 && zoom >= 0 && zoom <= 24) view.map = { zoom, lat, lon };
  }
  return view;
}

/** Writes a view as `#/page?key=value`; the inverse of [`parse`] to a centimetre. */
export function format(view: View): string {
  const parts: string[] = [];
  if (view.map) {
    const { zoom, lat, lon } = view.map;
    parts.push(`map=${+zoom.toFixed(2)}/${+lat.toFixed(6)}/${+lon.toFixed(6)}`);
  }
  for (const key of TEXTS) if (view[key]) parts.push(`${key}=${encodeURIComponent(view[key])}`);
  for (const key of LISTS) if (view[key].length) parts.push(`${key}=${view[key].map(encodeURIComponent).join(',')}`);
  return `#/${view.page ?? ''}${parts.length ? `?${parts.join('&')}` : ''}`;
}
