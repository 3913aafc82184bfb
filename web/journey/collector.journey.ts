import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Address, Correction, Flag, Page as List, Rule } from '../src/api/types';
import { distanceM } from '../src/geo/measure';
import {
  eventually,
  expectAccessible,
  nextTile,
  read,
  settled,
  shoot,
  signIn,
  SIZES,
  chromiumFor,
  type Size,
  type Visit,
} from './browser';

/** A collector sees flagged pins with their reasons, mends them in every way there is, and sees the map follow. */

const visit = chromiumFor();

const address = (page: Page, id: string) => read<Address>(page, `/api/addresses/${id}`);

/** Open flags of active addresses, each address once. */
async function openFlags(page: Page, wanted: (flag: Flag) => boolean): Promise<Flag[]> {
  const { items } = await read<List<Flag>>(page, '/api/flags?state=open&limit=1000');
  const seen = new Set<string>();
  return items.filter((flag) => {
    if (!flag.address_id || seen.has(flag.address_id) || !wanted(flag)) return false;
    seen.add(flag.address_id);
    return true;
  });
}

/** Flags without a suggested place first: those with one are kept for the steps that need it. */
const plainFirst = (flags: Flag[]) =>
  flags.sort((a, b) => Number(a.suggestion?.at != null) - Number(b.suggestion?.at != null));

/** The first of them whose address is alive: what is demolished can be mended no more. */
async function firstAlive(page: Page, flags: Flag[]): Promise<Flag> {
  for (const flag of flags) if ((await address(page, flag.address_id!)).status === 'active') return flag;
  throw new Error('no flag of a living address is left');
}

const onEarth = (flag: Flag) => flag.at != null && Math.abs(flag.at.lat) < 80 && Math.abs(flag.at.lon) <= 180;

/** Opens a flag by its address in the address bar, as a colleague's link would. */
async function openFlag(page: Page, flag: Flag): Promise<void> {
  await page.evaluate(
    (hash) => (location.hash = hash),
    `#/pins?flag=${flag.flag_id}&address=${encodeURIComponent(flag.address_id ?? '')}`,
  );
  await page.reload();
  await page.waitForSelector('[data-ready=yes]');
  await page.waitForSelector('.tools');
  await settled(page);
}

for (const size of Object.keys(SIZES) as Size[]) {
  describe(`collector, ${size}`, () => {
    let here: Visit;
    let page: Page;
    beforeAll(async () => {
      here = await visit(size);
      page = here.page;
      await signIn(page, 'collector');
    });
    afterAll(async () => {
      expect(here.complaints).toEqual([]);
      expect(here.strangers).toEqual([]);
      await here.close();
    });

    it('lands on the map with the nearest findings first', async () => {
      expect(new URL(page.url()).hash).toMatch(/^#\/pins/);
      await shoot(page, `pins-${size}`);
      if (size === 'phone') {
        await page.waitForSelector('.next');
        await page.click('.handle');
      }
      await page.waitForSelector('[data-flag]');
      const { total } = await read<List<Flag>>(page, '/api/flags?state=open&limit=1');
      const said = await page.textContent('.count [aria-live=polite]');
      expect(said?.replace(/,/g, '')).toContain(String(total));
      await page.waitForTimeout(400);
      await shoot(page, `pins-list-${size}`);
      await expectAccessible(page);
    });

    it('shows one kind of finding, and all of them where a link names a kind that there is no more', async () => {
      const total = async (query: string) =>
        (await read<List<Flag>>(page, `/api/flags?state=open&limit=1${query}`)).total;
      const said = async () => (await page.textContent('.count [aria-live=polite]'))?.replace(/\D/g, '');
      const { items } = await read<List<Flag>>(page, '/api/flags?state=open&limit=1');
      const rule = items[0]!.rule;
      const all = String(await total(''));
      const some = String(await total(`&rule=${rule}`));
      expect(Number(some)).toBeLessThan(Number(all));
      const { items: rules } = await read<List<Rule>>(page, '/api/rules');
      await page.selectOption('select.input', { label: rules.find(({ code }) => code === rule)!.title.zh });
      await eventually('the list holds this kind', async () => (await said()) === some);
      expect(page.url()).toContain(`rule=${rule}`);
      // The map's cells count all kinds, and say so where there is room for a legend.
      const legend = async () => (size === 'desk' ? await page.textContent('.legend') : '');
      if (size === 'desk') expect(await legend()).toContain('缩小后的数字含全部类型');
      await settled(page);
      await shoot(page, `pins-one-rule-${size}`);
      await expectAccessible(page);

      await page.evaluate(() => (location.hash = '#/pins?rule=a_rule_of_old'));
      await page.reload();
      await page.waitForSelector('[data-ready=yes]');
      await eventually('the kind that there is not is dropped', async () => !page.url().includes('rule='));
      expect(await legend()).not.toContain('缩小后的数字含全部类型');
      if (size === 'phone') await page.click('.handle');
      await eventually('the list holds all', async () => (await said()) === all);
    });

    it('says why, with numbers and evidence', async () => {
      if (size === 'phone' && (await page.locator('[data-stop=peek]').count())) await page.click('.handle');
      await page.locator('[data-flag]').first().click();
      await page.waitForSelector('.why');
      const id = new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('flag');
      const { items } = await read<List<Flag>>(page, '/api/flags?state=open&limit=1000');
      const flag = items.find((one) => one.flag_id === id);
      // The page keeps a number and its unit on one line.
      const said = (await page.textContent('.scroll[role=group] .why .said'))?.replaceAll('\u00a0', ' ');
      expect(said).toBe(flag?.message.zh);
      // And since when it stands.
      expect(await page.textContent('.scroll[role=group] .why .since')).toMatch(/\d{4}-\d\d-\d\d/);
      expect(flag?.message.zh).toMatch(/\d/);
      await settled(page);
      await shoot(page, `pins-card-first-${size}`);
      await expectAccessible(page);
    });

    it('accepts a suggestion, sees the pin move and can take it back', async () => {
      const [flag] = await openFlags(page, (one) => one.suggestion?.at != null && onEarth(one));
      expect(flag, 'a flag with a suggested place').toBeDefined();
      await openFlag(page, flag!);
      await shoot(page, `pins-card-${size}`);
      const before = await address(page, flag!.address_id!);
      const tile = nextTile(page, ['address', 'flag']);
      await page.click('footer .primary');
      await page.waitForSelector('.settled');
      await tile;
      const after = await address(page, flag!.address_id!);
      expect(after.version).toBe(before.version + 1);
      expect(distanceM({ lon: after.lon!, lat: after.lat! }, flag!.suggestion!.at!)).toBeLessThan(0.5);
      await eventually(
        'the flag leaves the list',
        async () => (await openFlags(page, (one) => one.flag_id === flag!.flag_id)).length === 0,
      );
      await settled(page);
      await shoot(page, `pins-accepted-${size}`);

      await page.getByRole('status').getByRole('button', { name: '撤销' }).click();
      await eventually('the pin is back', async () => {
        const again = await address(page, flag!.address_id!);
        return (
          again.version === before.version + 2 &&
          distanceM({ lon: again.lon!, lat: again.lat! }, { lon: before.lon!, lat: before.lat! }) < 0.5
        );
      });
    });

    it('accepts a suggested grid', async () => {
      const [flag] = await openFlags(page, (one) => one.suggestion?.field === 'grid_code' && !one.suggestion.at);
      // A town in which every pin stands in the grid it names has none to accept.
      if (!flag) return;
      await openFlag(page, flag);
      const stored = page.waitForResponse(
        (answer) => answer.url().endsWith('/api/corrections') && answer.request().method() === 'POST',
      );
      await page.click('footer .primary');
      await page.waitForSelector('.settled');
      const answer = await stored;
      expect(answer.status()).toBe(201);
      // Read from the answer: the address may be another collector's by now.
      expect(((await answer.json()) as Correction).change).toMatchObject({
        kind: 'set',
        field: 'grid_code',
        value: flag.suggestion!.value,
      });
    });

    it('drags a pin to another place', async () => {
      const flag = await firstAlive(
        page,
        plainFirst(await openFlags(page, (one) => onEarth(one) && one.rule !== 'pin_outside_area')),
      );
      await openFlag(page, flag!);
      const before = await address(page, flag!.address_id!);
      await page.locator('.tools').getByRole('button', { name: '移动点位' }).click();
      await page.waitForTimeout(900);
      if (size === 'desk') {
        const pin = (await page.locator('.mover-pin').boundingBox())!;
        const [x, y] = [pin.x + pin.width / 2, pin.y + pin.height / 2];
        await page.mouse.move(x, y);
        await page.mouse.down();
        for (let i = 1; i <= 10; i++) await page.mouse.move(x + 9 * i, y + 2 * i);
        await shoot(page, 'pins-drag-desk');
        await page.mouse.up();
      } else {
        const map = (await page.locator('.maplibregl-canvas').boundingBox())!;
        const [x, y] = [map.x + map.width / 2, map.y + map.height / 3];
        await page.mouse.move(x, y);
        await page.mouse.down();
        for (let i = 1; i <= 10; i++) await page.mouse.move(x - 9 * i, y - 2 * i);
        await shoot(page, 'pins-drag-phone');
        await page.waitForTimeout(200);
        await page.mouse.up();
        await page.waitForTimeout(700);
      }
      expect(await page.textContent('[data-testid=move-read]')).toMatch(/\d 米/);
      const tile = nextTile(page, ['address', 'flag']);
      await page.getByRole('button', { name: '放在这里' }).click();
      await page.waitForSelector('.settled');
      await tile;
      const after = await address(page, flag!.address_id!);
      expect(after.version).toBe(before.version + 1);
      expect(after.lon!).toBeGreaterThan(before.lon!);
      expect(distanceM({ lon: after.lon!, lat: after.lat! }, { lon: before.lon!, lat: before.lat! })).toBeGreaterThan(
        2,
      );
    });

    it('marks an address as demolished, with its day', async () => {
      const flag = await firstAlive(page, plainFirst(await openFlags(page, onEarth)));
      await openFlag(page, flag!);
      await page.locator('.tools').getByRole('button', { name: '已拆除' }).click();
      await page.waitForSelector('dialog[open]');
      await expectAccessible(page);
      await shoot(page, `pins-demolish-${size}`);
      await page.getByRole('button', { name: '确认已拆除' }).click();
      await page.waitForSelector('dialog', { state: 'detached' });
      const after = await address(page, flag!.address_id!);
      expect(after.status).toBe('demolished');
      expect(after.ended_on).toMatch(/^\d{4}-\d\d-\d\d$/);
    });

    it('comments, and says that a pin is right', async () => {
      const flag = await firstAlive(page, plainFirst(await openFlags(page, onEarth)));
      await openFlag(page, flag!);
      await page.locator('.tools').getByRole('button', { name: '备注' }).click();
      await page.fill('dialog textarea', '门牌已更换，位置不变');
      await page.getByRole('button', { name: '保存备注' }).click();
      await page.waitForSelector('dialog', { state: 'detached' });
      await eventually('the comment is on record', async () => {
        const { corrections } = await address(page, flag!.address_id!);
        return corrections.some(
          (one: Correction) => one.change.kind === 'comment' && one.note === '门牌已更换，位置不变',
        );
      });

      await openFlag(page, flag!);
      await page.locator('.tools').getByRole('button', { name: '确认无误' }).click();
      await page.getByLabel('情况特殊，登记如实').check();
      await page.locator('dialog').getByRole('button', { name: '确认无误' }).click();
      await page.waitForSelector('dialog', { state: 'detached' });
      await eventually('the flag is dismissed', async () => {
        const { items } = await read<List<Flag>>(page, '/api/flags?state=dismissed&limit=1000');
        return items.some((one) => one.flag_id === flag!.flag_id);
      });
    });

    it('shows what somebody else did first, and lets one decide again', async () => {
      const [flag] = await openFlags(page, (one) => one.suggestion?.at != null && onEarth(one));
      expect(flag).toBeDefined();
      // Deaf to the server's news, so that the page still shows the old record.
      await page.route('**/events', (route) => route.abort());
      await openFlag(page, flag!);
      const seen = await address(page, flag!.address_id!);
      const answer = await page.request.post('/api/corrections', {
        data: {
          correction_id: randomUUID(),
          address_id: seen.address_id,
          base_version: seen.version,
          change: { kind: 'move', lon: seen.lon! + 0.0002, lat: seen.lat! },
          note: 'from elsewhere',
        },
      });
      expect(answer.status()).toBe(201);
      await page.click('footer .primary');
      await page.waitForSelector('dialog[open]');
      expect(await page.textContent('dialog')).toContain(`${seen.version} → ${seen.version + 1}`);
      await shoot(page, `pins-conflict-${size}`);
      await page.getByRole('button', { name: '仍要提交我的更正' }).click();
      await page.waitForSelector('dialog', { state: 'detached' });
      const after = await address(page, seen.address_id);
      expect(after.version).toBe(seen.version + 2);
      expect(distanceM({ lon: after.lon!, lat: after.lat! }, flag!.suggestion!.at!)).toBeLessThan(0.5);
      await page.unroute('**/events');
    });
  });
}

describe('collector, keyboard', () => {
  it('walks the list, opens help and finds an address without a mouse', async () => {
    const { page, close } = await visit('desk');
    await signIn(page, 'collector');
    await page.waitForSelector('[data-flag]');
    // Batches with one cause stand above the single flags.
    const rows = await page
      .locator('[data-group], [data-flag]')
      .evaluateAll((rows) =>
        rows.map(
          (row) =>
            (row.hasAttribute('data-group') ? 'group' : 'flag') +
            `="${Object.values((row as HTMLElement).dataset)[0]}"`,
        ),
      );
    const groups = rows.filter((row) => row.startsWith('group')).length;
    expect(groups).toBeGreaterThan(0);
    for (const row of rows.slice(0, groups + 2)) {
      await page.keyboard.press('ArrowDown');
      await page.waitForSelector(`[data-${row}][aria-current]`);
    }
    await page.keyboard.press('Escape');
    await page.waitForSelector('.drawer', { state: 'detached' });
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });

    const { items } = await read<List<Flag>>(page, '/api/flags?state=open&limit=50');
    const one = items.find((flag) => flag.address_text)!;
    await page.keyboard.press('/');
    await page.keyboard.type(one.address_text!.slice(-8));
    await page.waitForSelector('[role=option]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.drawer h2');
    await close();
  });
});
