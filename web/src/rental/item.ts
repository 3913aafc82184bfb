/** The eight check items of an inspection, in the order of the form. */
export const ITEMS = [
  'wiring',
  'ebike_charging',
  'gas',
  'escape_route',
  'barred_window',
  'extinguisher',
  'smoke_alarm',
  'combustible_partition',
] as const;
export const GRADES = ['minor', 'serious', 'major'] as const;
