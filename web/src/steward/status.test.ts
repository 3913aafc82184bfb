import { expect, it } from 'vitest';
import { readGauges } from './status';

it('reads the gauges and nothing else', () => {
  const text = '# HELP gridpin_city_addresses Addresses.\ngridpin_city_addresses 15634\ngridpin_city_flags 2.727e3\n';
  expect(readGauges(text)).toEqual({ addresses: 15634, flags: 2727 });
  expect(readGauges('')).toEqual({ addresses: null, flags: null });
  expect(readGauges('gridpin_city_addresses_total 5\n')).toEqual({ addresses: null, flags: null });
});
