import { expect, it } from 'vitest';
import type { Flag, Page as List, Rule } from '../src/api/types';
import { eventually, expectAccessible, read, settled, shoot, signIn, SIZES, chromiumFor, type Size } from './browser';

/** A steward sees how the service stands and what the rules find, goes from a rule to its flags, and reaches every page. */

const visit = chromiumFor();

it.each(Object.keys(SIZES) as Size[])('looks after the data, %s', async (size) => {
  const { page, complaints, strangers, close } = await visit(size);
  await signIn(page, 'steward', '.data dl');
  expect(new URL(page.url()).hash).toMatch(/^#\/data/);
  const { items: rules } = await read<List<Rule>>(page, '/api/rules');
  await eventually('all rules are there', async () => (await page.locator('[data-rule]').count()) === rules.length);
  await eventually('the numbers are there', async () => /\d/.test((await page.textContent('.data dl')) ?? ''));
  const text = (await page.textContent('.data dl'))!;
  expect(text).toContain('正常');

  // The most frequent rule stands first, with the number that the list has too.
  await eventually('the counts are there', async () => (await page.locator('.n:not(.none)').count()) > 0);
  const first = page.locator('[data-rule]').first();
  const code = await first.getAttribute('data-rule');
  const { total } = await read<List<Flag>>(page, `/api/flags?state=open&limit=1&rule=${code}`);
  expect((await first.locator('.n').textContent())?.replace(/,/g, '')).toBe(String(total));
  await first.locator('summary').click();
  expect(await first.textContent()).toContain(rules.find((rule) => rule.code === code)!.why.zh);
  await shoot(page, `steward-${size}`);
  await expectAccessible(page);

  // What the web cannot do it says, with the command that can.
  expect(await page.textContent('[role=note]')).toContain('还没有网页接口');
  expect(await page.locator('code', { hasText: 'gridpin audit verify' }).count()).toBe(1);
  await page.fill('input[type=search]', 'no such rule');
  await page.waitForSelector('[data-blank=empty]');
  await page.fill('input[type=search]', code!);
  await page.waitForSelector(`[data-rule=${code}]`);

  if (!(await page.locator('details[open]').count())) await page.locator('summary').first().click();
  await page.locator('[data-rule] .more .button').click();
  await page.waitForSelector('[data-ready=yes]');
  expect(page.url()).toContain(`rule=${code}`);
  await settled(page);
  for (const name of ['review', 'rentals', 'hazards', 'coverage', 'data']) {
    const link = page.locator(`header nav a[href="#/${name}"]`);
    await link.click();
    await page.waitForSelector(name === 'data' ? '.data dl' : '[data-ready=yes]');
    // The tab of the page that is open is in sight, on a phone too.
    const box = (await link.boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(SIZES[size].width);
  }
  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
  await close();
});
