import type { Indicators, IndicatorValue } from '../api/types';

export interface Gap {
  code: IndicatorValue['code'];
  short: number;
  /** The grids that it comes from, most first. */
  most: { grid_code: string; name: string; short: number }[];
}

/** What is missing to each target, and where most of it is; figures that are met are left out. */
export function gaps({ grid, items }: Pick<Indicators, 'grid' | 'items'>): Gap[] {
  return (grid?.indicators ?? []).flatMap((figure) => {
    const short = figure.missing;
    if (short === 0) return [];
    const most = items
      .flatMap(({ grid_code, name, indicators }) => {
        const own = indicators.find(({ code }) => code === figure.code);
        const part = own?.missing ?? 0;
        return part > 0 ? [{ grid_code, name, short: part }] : [];
      })
      .sort((a, b) => b.short - a.short || a.grid_code.localeCompare(b.grid_code))
      .slice(0, 3);
    return [{ code: figure.code, short, most }];
  });
}
