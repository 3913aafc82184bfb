import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flag, Hazard, Page as List, Rental, RentalDetail } from '../src/api/types';
import { ITEMS } from '../src/rental/item';
import { eventually, expectAccessible, read, settled, shoot, signIn, chromiumFor, type Visit } from './browser';

/** A collector records on the spot what was seen: inspections, hazards, visits. Nothing entered is lost. */

const visit = chromiumFor();

const WORDS = {
  zh: {
    inspect: '登记检查',
    report: '报告隐患',
    visit: '已走访',
    rest: '其余全部合格',
    grade: '较大',
    week: '7 天内',
    unanswered: '没有收到服务器的确认',
    offline: '没有发出',
    restored: '已恢复上次未提交的内容',
    inspected: '检查已保存，已报告 1 项隐患',
    reported: '隐患已报告',
    visited: '走访已登记',
    chooseItem: '请选择检查项目',
    chooseOutcome: '请选择走访结果',
    again: '再试一次',
    name: '账号',
  },
  en: {
    inspect: 'Inspect',
    report: 'Hazard',
    visit: 'Visited',
    rest: 'All others pass',
    grade: 'Serious',
    week: '7 days',
    unanswered: 'The server has not confirmed this',
    offline: 'Not sent',
    restored: 'What you had not sent is back',
    inspected: 'Inspection saved, 1 hazard reported',
    reported: 'Hazard reported',
    visited: 'Visit recorded',
    chooseItem: 'Please choose an item',
    chooseOutcome: 'Please choose what came of it',
    again: 'Try again',
    name: 'Account',
  },
} as const;

for (const [size, language] of [
  ['phone', 'zh'],
  ['desk', 'en'],
] as const) {
  const say = WORDS[language];
  describe(`forms, ${size}, ${language}`, () => {
    let here: Visit;
    let page: Page;
    let rental: Rental;
    beforeAll(async () => {
      here = await visit(size, { language });
      page = here.page;
      await signIn(page, 'collector');
      const { items } = await read<List<Rental>>(page, '/api/rentals?inspected=never&limit=100');
      const found = items.find(({ address_id, open_hazards }) => address_id && open_hazards === 0);
      expect(found, 'a rental that was never inspected').toBeDefined();
      rental = found!;
    });
    afterAll(async () => {
      expect(here.complaints).toEqual([]);
      expect(here.strangers).toEqual([]);
      await here.close();
    });
    const openRental = async () => {
      await page.evaluate((id) => (location.hash = `#/rentals?rental=${id}`), rental.rental_id);
      await page.reload();
      await page.waitForSelector('footer .primary');
      await settled(page);
    };
    const press = (name: string) => page.locator('footer').getByRole('button', { name, exact: true }).click();
    const save = () => page.locator('dialog[open] footer .primary').click();
    const toast = (text: string) => page.waitForSelector(`[role=status] >> text=${text}`);
    const detail = () => read<RentalDetail>(page, `/api/rentals/${rental.rental_id}`);

    it('inspects a rental, and a failed item opens a hazard', async () => {
      await openRental();
      const before = await detail();
      await press(say.inspect);
      await page.waitForSelector('dialog[open]');
      await shoot(page, `inspect-empty-${size}`);
      await save();
      // Nothing is filled in for anybody: each of the eight is asked for.
      expect(await page.locator('dialog [data-item] .bad').count()).toBe(8);
      await expectAccessible(page);
      const row = (item: string) => page.locator(`dialog [data-item=${item}]`);
      await row('wiring').locator('[data-value=fail]').click();
      await page.getByRole('button', { name: say.rest }).click();
      await save();
      // It failed and is to be reported, but nobody said how grave it is.
      await row('wiring').locator('.more .bad').waitFor();
      await row('wiring').locator('[data-value=serious]').click();
      await row('wiring').getByRole('button', { name: say.week }).click();
      await shoot(page, `inspect-failed-item-${size}`);
      await expectAccessible(page);

      // The answer is lost on its way, after the server has stored the inspection.
      await page.route('**/api/inspections', async (route) => {
        await route.fetch();
        await route.abort();
      });
      await save();
      await page.waitForSelector(`dialog [role=alert] >> text=${say.unanswered}`);
      await shoot(page, `inspect-unanswered-${size}`);
      await page.unroute('**/api/inspections');
      // The page is closed and opened again: what was entered is back, and sent again it is stored once.
      await openRental();
      await press(say.inspect);
      await page.waitForSelector(`text=${say.restored}`);
      expect(await page.locator('dialog input:checked[value=pass]').count()).toBe(7);
      await save();
      await toast(say.inspected);
      await page.waitForSelector('dialog', { state: 'detached' });
      const after = await detail();
      expect(after.inspections.length).toBe(before.inspections.length + 1);
      const newest = after.inspections[0]!;
      expect(newest.inspector).toBe('collector');
      for (const item of ITEMS) expect(newest.findings[item]).toBe(item === 'wiring' ? 'fail' : 'pass');
      const hazards = after.hazards.filter(({ found_by }) => found_by === 'collector');
      expect(hazards.map(({ item, severity, state }) => [item, severity, state])).toEqual([
        ['wiring', 'serious', 'open'],
      ]);
      expect(hazards[0]!.due_on).toMatch(/^\d{4}-\d\d-\d\d$/);
      // The card shows it without being asked.
      await eventually('the card shows it', async () => (await page.locator('.findings li').count()) >= 8);
      await shoot(page, `inspected-${size}`);
    });

    it('reports a hazard without a network, then with one', async () => {
      await openRental();
      await press(say.report);
      await page.waitForSelector('dialog[open]');
      await save();
      await page.waitForSelector(`text=${say.chooseItem}`);
      await expectAccessible(page);
      await page.locator('dialog .items label', { has: page.locator('[value=escape_route]') }).click();
      await page.locator('dialog .grade [data-value=major]').click();
      await page.fill('dialog textarea', '楼梯口堆满杂物');
      await here.context.setOffline(true);
      await save();
      await page.waitForSelector(`dialog [role=alert] >> text=${say.offline}`);
      await shoot(page, `report-offline-${size}`);
      await expectAccessible(page);
      expect(await page.inputValue('dialog textarea')).toBe('楼梯口堆满杂物');
      await here.context.setOffline(false);
      await page.locator('dialog').getByRole('button', { name: say.again }).click();
      await toast(say.reported);
      const { hazards } = await detail();
      const mine = hazards.filter(({ item, found_by }) => item === 'escape_route' && found_by === 'collector');
      expect(mine.map(({ severity, state }) => [severity, state])).toEqual([['major', 'open']]);
      const listed = await read<List<Hazard>>(page, '/api/hazards?item=escape_route&severity=major&limit=1000');
      expect(listed.items.some(({ hazard_id }) => hazard_id === mine[0]!.hazard_id)).toBe(true);
    });

    it('records a visit from the card of a pin, though the session ended meanwhile', async () => {
      const { items } = await read<List<Flag>>(page, '/api/flags?state=open&limit=200');
      let flag: Flag | undefined;
      for (const one of items) {
        if (!one.address_id) continue;
        const address = await page.request.get(`/api/addresses/${one.address_id}`);
        if (address.ok() && ((await address.json()) as { status: string }).status === 'active') {
          flag = one;
          break;
        }
      }
      expect(flag).toBeDefined();
      await page.evaluate(
        (hash) => (location.hash = hash),
        `#/pins?flag=${flag!.flag_id}&address=${encodeURIComponent(flag!.address_id!)}`,
      );
      await page.reload();
      await page.waitForSelector('.tools');
      await page.locator('.tools').getByRole('button', { name: say.visit, exact: true }).click();
      await page.waitForSelector('dialog[open]');
      await save();
      await page.waitForSelector(`text=${say.chooseOutcome}`);
      await page.locator('dialog [value=not_met]').check();
      await shoot(page, `visit-${size}`);
      await expectAccessible(page);

      await here.context.clearCookies();
      await save();
      await page.waitForSelector('dialog input[name=password]');
      await shoot(page, `session-ended-${size}`);
      await expectAccessible(page);
      expect(await page.inputValue('dialog input[name=name]')).toBe('collector');
      await page.fill('dialog input[name=password]', 'demo');
      await page
        .locator('dialog form button.primary', { hasNot: page.locator('[form]') })
        .first()
        .click();
      await page.waitForSelector('dialog input[name=password]', { state: 'detached' });
      // The form is where it was, with what was chosen.
      expect(await page.locator('dialog [value=not_met]').isChecked()).toBe(true);
      const stored = page.waitForResponse((answer) => answer.url().endsWith('/api/visits') && answer.ok());
      await save();
      expect((await (await stored).json()) as object).toMatchObject({
        address_id: flag!.address_id,
        outcome: 'not_met',
        by: 'collector',
      });
      await toast(say.visited);
    });
  });
}
