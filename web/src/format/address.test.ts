import { expect, it } from 'vitest';
import { shortAddress } from './address';

it.each([
  ['浙江省云溪市青岚区望山街道松涛社区铁匠巷29号', '望山街道松涛社区铁匠巷29号'],
  ['望山街道松涛社区铁匠巷29号', '望山街道松涛社区铁匠巷29号'],
  ['农贸市场路3号', '农贸市场路3号'],
  ['浙江省云溪市', '浙江省云溪市'],
  ['', ''],
])('shortens %s', (text, short) => expect(shortAddress(text)).toBe(short));
