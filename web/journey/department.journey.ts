import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Hazard, Page as List, Rental } from '../src/api/types';
import {
  eventually,
  expectAccessible,
  read,
  settled,
  shoot,
  signIn,
  SIZES,
  chromiumFor,
  type Size,
  type Visit,
} from './browser';

/** A department takes a hazard, reports it mended and closes it; what it found itself it cannot close. */

const visit = chromiumFor();

/** Reports a hazard over the API as the account that is signed in on the page. */
async function report(page: Page, item: string): Promise<Hazard> {
  const { items } = await read<List<Rental>>(page, '/api/rentals?limit=50');
  const rental = items.find(({ address_id, lon }) => address_id && lon != null)!;
  const answer = await page.request.post('/api/hazards', {
    data: {
      hazard_id: randomUUID(),
      address_id: rental.address_id,
      rental_id: rental.rental_id,
      item,
      severity: 'serious',
      note: '充电线从窗户拉出',
    },
  });
  expect(answer.status()).toBe(201);
  return (await answer.json()) as Hazard;
}

for (const size of Object.keys(SIZES) as Size[]) {
  describe(`department, ${size}`, () => {
    let here: Visit;
    let page: Page;
    let found: Hazard;
    beforeAll(async () => {
      const collector = await visit('desk');
      await signIn(collector.page, 'collector');
      found = await report(collector.page, 'ebike_charging');
      await collector.close();
      here = await visit(size);
      page = here.page;
      await signIn(page, 'department');
    });
    afterAll(async () => {
      expect(here.complaints).toEqual([]);
      expect(here.strangers).toEqual([]);
      await here.close();
    });
    const state = async (id: string) => {
      const { items } = await read<List<Hazard>>(page, '/api/hazards?limit=1000&item=ebike_charging');
      return items.find(({ hazard_id }) => hazard_id === id)?.state;
    };
    const open = async (id: string) => {
      await page.evaluate((hash) => (location.hash = hash), `#/hazards?hazard=${id}`);
      await page.waitForSelector('ol [aria-current=step]');
      await settled(page);
    };
    const press = (name: string) => page.locator('footer').getByRole('button', { name, exact: true }).click();
    /** Presses a step and waits for the server's word that it is taken. */
    const step = async (name: string, to: Hazard['state']) => {
      const stored = page.waitForResponse((one) => one.url().endsWith('/transitions') && one.ok());
      await press(name);
      expect(((await (await stored).json()) as Hazard).state).toBe(to);
    };

    it('lands on what waits to be taken, with how much of it there is', async () => {
      expect(new URL(page.url()).hash).toMatch(/^#\/hazards/);
      await page.waitForSelector('[data-hazard]');
      for (const [i, one] of (['open', 'assigned', 'mended', 'closed'] as const).entries()) {
        const { total } = await read<List<Hazard>>(page, `/api/hazards?state=${one}&limit=1`);
        await eventually(`the count of ${one}`, async () => {
          const said = await page.locator('.states button b').nth(i).textContent();
          return said?.replace(/,/g, '') === String(total);
        });
      }
      await settled(page);
      await shoot(page, `hazards-${size}`);
      await expectAccessible(page);
    });

    it('filters by its own subject', async () => {
      const answer = page.waitForResponse((one) => /api\/hazards\?.*item=ebike_charging/.test(one.url()) && one.ok());
      await page.selectOption('.narrow select', 'ebike_charging');
      await answer;
      expect(page.url()).toContain('items=ebike_charging');
      await page.waitForSelector(`[data-hazard="${found.hazard_id}"]`);
      for (const text of await page.locator('.row b').allTextContents()) expect(text).toBe('电动车停放充电');
    });

    it('takes it, reports it mended, closes it, and each step is kept with its word', async () => {
      await open(found.hazard_id);
      await shoot(page, `hazard-card-${size}`);
      await expectAccessible(page);
      // Without an answer nothing is claimed, and the word stays.
      await page.fill('.note textarea', '已派安全员');
      await page.route('**/transitions', (route) => route.abort());
      await press('接收办理');
      await page.waitForSelector('footer [data-problem=unanswered]');
      expect(await page.inputValue('.note textarea')).toBe('已派安全员');
      expect(await state(found.hazard_id)).toBe('open');
      await page.unroute('**/transitions');
      await step('接收办理', 'assigned');
      await page.locator('footer').getByRole('button', { name: '报告已整改' }).waitFor();
      expect(await page.inputValue('.note textarea')).toBe('');
      await step('报告已整改', 'mended');
      await page.locator('footer').getByRole('button', { name: '复核销号' }).waitFor();
      await shoot(page, `hazard-mended-${size}`);
      await step('复核销号', 'closed');
      await eventually('the card says so', async () => (await page.locator('ol .done').count()) === 4);
      await expectAccessible(page);
    });

    it('does not close what it found itself, and says why', async () => {
      const own = await report(page, 'ebike_charging');
      let { version } = own;
      for (const to of ['assigned', 'mended'] as const) {
        const answer = await page.request.post(`/api/hazards/${own.hazard_id}/transitions`, {
          data: { to, base_version: version, note: '' },
        });
        expect(answer.ok()).toBe(true);
        ({ version } = (await answer.json()) as Hazard);
      }
      await open(own.hazard_id);
      await page.waitForSelector('[data-finder]');
      expect(await page.textContent('[data-finder]')).toContain('发现人不能自己销号');
      expect(await page.getByRole('button', { name: '复核销号' }).count()).toBe(0);
      await shoot(page, `hazard-finder-${size}`);
      await expectAccessible(page);
      await step('退回整改', 'assigned');
    });
  });
}
