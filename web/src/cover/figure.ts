import type { IndicatorRow, IndicatorValue } from '../api/types';

/** The figure of a code in a row, if the row has it. */
export const figureOf = (row: IndicatorRow | null | undefined, code: string): IndicatorValue | undefined =>
  row?.indicators.find((one) => one.code === code);
