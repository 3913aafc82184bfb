import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Indicators } from '../src/api/types';
import { percent } from '../src/format/number';
import { expectAccessible, read, settled, shoot, signIn, SIZES, chromiumFor, type Size, type Visit } from './browser';

/** A leader sees coverage by grid and goes down a level by polygon and by row, and up again. */

const visit = chromiumFor();

for (const size of Object.keys(SIZES) as Size[]) {
  describe(`leader, ${size}`, () => {
    let here: Visit;
    let page: Page;
    beforeAll(async () => {
      here = await visit(size);
      page = here.page;
      await signIn(page, 'leader');
      await page.waitForSelector('.figure');
    });
    afterAll(async () => {
      expect(here.complaints).toEqual([]);
      expect(here.strangers).toEqual([]);
      await here.close();
    });
    const shown = async () => page.locator('.figure .value').allTextContents();
    const expected = async (grid: string | null) => {
      const { grid: row } = await read<Indicators>(
        page,
        `/api/indicators${grid ? `?grid=${encodeURIComponent(grid)}` : ''}`,
      );
      return row!.indicators.map(({ value }) => percent(value));
    };
    const gridOf = () => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('grid');

    it('sees four figures, each with its base and target', async () => {
      expect(new URL(page.url()).hash).toMatch(/^#\/coverage/);
      expect(await shown()).toEqual(await expected(null));
      for (const text of await page.locator('.figure').allTextContents())
        expect(text).toMatch(/目标 \d+.*\d+ \/ \d+|暂无数据/);
      await settled(page);
      await shoot(page, `coverage-${size}`);
      await expectAccessible(page);
    });

    it('colours the map by another figure', async () => {
      await page.click('[data-indicator=registration]');
      expect(page.url()).toContain('colour=registration');
      expect(await page.textContent('.legend')).toContain('出租房登记率');
      await settled(page);
      await shoot(page, `coverage-registration-${size}`);
    });

    it('goes down by polygon, down by row, and up by the breadcrumb', async () => {
      const top = await page.textContent('h1');
      await page.locator('section.map').scrollIntoViewIfNeeded();
      const box = (await page.locator('section.map canvas').boundingBox())!;
      // Somewhere near the middle lies a polygon; between two of them a click does nothing.
      for (const [dx, dy] of [
        [0.5, 0.42],
        [0.42, 0.36],
        [0.58, 0.5],
        [0.5, 0.3],
        [0.36, 0.5],
      ] as const) {
        if (gridOf()) break;
        await page.mouse.click(box.x + box.width * dx, box.y + box.height * dy);
        await page.waitForTimeout(500);
      }
      const first = gridOf();
      expect(first, 'a polygon was entered').toBeTruthy();
      await page.waitForFunction((name) => document.querySelector('h1')?.textContent !== name, top);
      expect(await shown()).toEqual(await expected(first));
      await settled(page);
      await shoot(page, `coverage-down-${size}`);

      const row = page.locator('[data-grid]').first();
      if (await row.count()) {
        const code = await row.getAttribute('data-grid');
        await row.click();
        await page.waitForFunction((grid) => location.hash.includes(`grid=${grid}`), encodeURIComponent(code!));
        await page.waitForTimeout(600);
        expect(await shown()).toEqual(await expected(code));
      }
      await page.locator('.head nav button').first().click();
      await page.waitForFunction((name) => document.querySelector('h1')?.textContent === name, top);
      expect(await shown()).toEqual(await expected(null));
    });

    it('shows care groups in bands, and says what is hidden', async () => {
      const tile = page.waitForResponse((answer) => answer.url().includes('/tiles/care/') && answer.ok());
      await page.selectOption('.pick select', 'care:over_80');
      await tile;
      expect(await page.textContent('.legend')).toMatch(/10–19.*少于 10 人/);
      await settled(page);
      await shoot(page, `coverage-care-${size}`);
      await expectAccessible(page);
    });
  });
}
