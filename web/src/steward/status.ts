/** The gauges of `/metrics` that tell a steward how the service stands. */
export interface Gauges {
  addresses: number | null;
  flags: number | null;
}

/** Reads them out of the Prometheus text; null for what is not there. */
export function readGauges(text: string): Gauges {
  const gauge = (name: string) => {
    const value = new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.eE+-]+)$`, 'm').exec(text)?.[1];
    return value === undefined || Number.isNaN(Number(value)) ? null : Number(value);
  };
  return { addresses: gauge('gridpin_city_addresses'), flags: gauge('gridpin_city_flags') };
}
