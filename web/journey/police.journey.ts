import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page as List, Rental, RentalDetail } from '../src/api/types';
import { expectAccessible, read, settled, shoot, signIn, SIZES, chromiumFor, type Size, type Visit } from './browser';

/** A police officer goes from the heat of a town down to a single rental. */

const visit = chromiumFor();

for (const size of Object.keys(SIZES) as Size[]) {
  describe(`police, ${size}`, () => {
    let here: Visit;
    let page: Page;
    beforeAll(async () => {
      here = await visit(size);
      page = here.page;
      const heat = page.waitForResponse((answer) => answer.url().includes('/tiles/heat/') && answer.ok());
      await signIn(page, 'police');
      await heat;
    });
    afterAll(async () => {
      expect(here.complaints).toEqual([]);
      expect(here.strangers).toEqual([]);
      await here.close();
    });
    const chip = (name: string) => page.locator(size === 'phone' ? '.strip .chip' : '.side .chip', { hasText: name });
    const listed = async (press: () => Promise<void>) => {
      const answer = page.waitForResponse((one) => one.url().includes('/api/rentals?') && one.ok());
      await press();
      const response = await answer;
      return { url: new URL(response.url()), list: (await response.json()) as List<Rental> };
    };

    it('lands on the heat of the own precinct', async () => {
      expect(new URL(page.url()).hash).toMatch(/^#\/rentals/);
      await settled(page);
      await shoot(page, `rentals-${size}`);
      await expectAccessible(page);
    });

    it('filters by check item and by grade', async () => {
      const { url, list } = await listed(() => chip('电气线路').click());
      expect(url.searchParams.get('item')).toBe('wiring');
      expect(page.url()).toContain('items=wiring');
      await settled(page);
      await shoot(page, `rentals-wiring-${size}`);
      const graver = await listed(() => chip('重大').click());
      expect(graver.url.searchParams.get('severity')).toBe('major');
      expect(graver.list.total!).toBeLessThanOrEqual(list.total!);
      await listed(() => page.getByRole('button', { name: '清除筛选' }).click());
      expect(page.url()).not.toContain('items=');
    });

    it('shows the never inspected apart', async () => {
      const { url, list } = await listed(() => chip('从未检查').click());
      expect(url.searchParams.get('inspected')).toBe('never');
      expect(list.items.length).toBeGreaterThan(0);
      expect(list.items.every(({ inspected }) => inspected === 'never')).toBe(true);
      await settled(page);
      await shoot(page, `rentals-never-${size}`);
      await listed(() => page.getByRole('button', { name: '清除筛选' }).click());
    });

    it('goes down to a single rental', async () => {
      if (size === 'phone') await page.click('.handle');
      await page.waitForSelector('.row');
      await page.locator('.row').first().click();
      await page.waitForSelector('dl');
      const id = new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('rental')!;
      const rental = await read<RentalDetail>(page, `/api/rentals/${id}`);
      const card = page.locator(size === 'phone' ? '.sheet' : '.drawer');
      expect(await card.textContent()).toContain(rental.address_text ?? id);
      expect(await card.locator('.hazards li').count()).toBe(rental.hazards.length);
      if (rental.inspections.length)
        expect(await card.locator('details').first().locator('.findings li').count()).toBe(8);
      await settled(page);
      await shoot(page, `rentals-card-${size}`);
      await expectAccessible(page);
    });
  });
}
