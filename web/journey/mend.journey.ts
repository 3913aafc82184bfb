import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { Address, Flag, FlagGroup, FlagGroupDetail, GroupMember, Mend, Page as List } from '../src/api/types';
import { eventually, expectAccessible, read, settled, shoot, signIn, SIZES, chromiumFor, type Size } from './browser';

/** A reviewer mends a whole batch with one cause: looks at every arrow, mends all in one action, and takes it back. */

const visit = chromiumFor();

const address = (page: Page, { address_id }: GroupMember) => read<Address>(page, `/api/addresses/${address_id}`);
const flagsOf = async (page: Page, rule: string, batch: string) => {
  const { items } = await read<List<Flag>>(page, `/api/flags?rule=${rule}&limit=1000`);
  const { items: groups } = await read<List<FlagGroup>>(page, `/api/flag-groups?rule=${rule}`);
  const group = groups.find((one) => one.batch === batch);
  return items.filter(({ group_id }) => group && group_id === group.group_id).length;
};
const openList = async (page: Page, size: Size) => {
  if (size === 'phone' && (await page.locator('[data-stop=peek]').count())) await page.click('.handle');
  await page.waitForSelector('[data-group]');
};

it.each(Object.keys(SIZES) as Size[])('mends a batch in one action and takes it back, %s', async (size) => {
  const { page, complaints, close } = await visit(size);
  await signIn(page, 'reviewer');
  const { items } = await read<List<FlagGroup>>(page, '/api/flag-groups?rule=datum_gcj02');
  const group = await read<FlagGroupDetail>(page, `/api/flag-groups/${items[0]!.group_id}`);
  const members = group.members;
  expect(members.length).toBeGreaterThan(10);

  // One row stands for all of them.
  if (size === 'phone') await shoot(page, `mend-peek-${size}`);
  await openList(page, size);
  const row = page.locator(`[data-group="${group.group_id}"]`);
  expect(await row.textContent()).toContain(group.message.zh);
  for (const { flag_id } of members.slice(0, 5)) expect(await page.locator(`[data-flag="${flag_id}"]`).count()).toBe(0);
  await shoot(page, `mend-list-${size}`);
  await expectAccessible(page);

  // The preview: all pins, each with its own way; one can be left out.
  await row.click();
  await page.waitForSelector('[data-member]');
  expect(await page.locator('[data-member]').count()).toBe(members.length);
  await settled(page);
  await shoot(page, `mend-preview-${size}`);
  await expectAccessible(page);
  const primary = page.locator('footer .primary');
  expect(await primary.textContent()).toContain(`全部纠正（${members.length} 个）`);
  const second = page.locator('[data-member] input').nth(1);
  await second.uncheck();
  expect(await primary.textContent()).toContain(`纠正所选 ${members.length - 1} 个`);
  await shoot(page, `mend-left-out-${size}`);
  await second.check();

  // Meanwhile somebody stands at one of the doors: what was shown of it is no more, and nothing is done.
  const other = await visit('desk');
  await other.page.request.post('/api/session', { data: { name: 'steward', password: 'demo' } });
  const stale = members[0]!;
  const seen = await address(other.page, stale);
  const correction = { correction_id: randomUUID(), address_id: stale.address_id, base_version: seen.version };
  // The preview follows such a change by itself; this time it is told too late.
  const detail = `**/api/flag-groups/${group.group_id}`;
  let told = false;
  page.on('request', (one) => (told ||= one.method() === 'POST' && one.url().endsWith('/mend')));
  await page.route(detail, (route) => (told ? route.continue() : route.fulfill({ json: group })));
  await other.page.request.post('/api/corrections', { data: { ...correction, change: { kind: 'confirm' }, note: '' } });
  await other.close();
  await page.waitForTimeout(1500);
  await primary.click();
  await page.waitForSelector('.refused');
  await page.unroute(detail);
  expect((await address(page, members[1]!)).version).toBe(members[1]!.base_version);
  const left = page.locator(`[data-member="${stale.address_id}"]`);
  await eventually('it is marked and left out', async () => !(await left.locator('input').isChecked()));
  expect(await left.textContent()).toContain('预览后有变化');
  await settled(page);
  await shoot(page, `mend-stale-${size}`);
  await expectAccessible(page);
  await left.locator('input').check();

  // A word on it: kept while it is not sent, though the page is left.
  await page.getByRole('button', { name: '说明', exact: true }).click();
  await page.fill('footer textarea', '与采集单位核对过');
  await page.reload();
  await page.waitForSelector('[data-member]');
  expect(await page.inputValue('footer textarea')).toBe('与采集单位核对过');
  await settled(page);
  await shoot(page, `mend-note-${size}`);
  await expectAccessible(page);

  // All of them, in one action.
  const before = await Promise.all(members.map((member) => address(page, member)));
  const answer = page.waitForResponse((one) => one.url().endsWith('/mend') && one.request().method() === 'POST');
  await primary.click();
  const made = await answer;
  expect(made.status()).toBe(201);
  const mend = (await made.json()) as Mend;
  expect([mend.pins, mend.note]).toEqual([members.length, '与采集单位核对过']);
  // However many pins there are, they are named by their preview in short.
  expect(made.request().postDataJSON()).toEqual({
    mend_id: mend.mend_id,
    preview: expect.stringMatching(/^[0-9a-f]{32}$/),
    note: mend.note,
  });
  await page.waitForSelector('.settled');
  await settled(page);
  await shoot(page, `mend-done-${size}`);
  await expectAccessible(page);
  const after = await Promise.all(members.map((member) => address(page, member)));
  expect(after.map(({ lon, lat, version }) => [lon, lat, version])).toEqual(
    members.map(({ to }, k) => [to.lon, to.lat, before[k]!.version + 1]),
  );
  await eventually('the flags are gone', async () => (await flagsOf(page, group.rule, group.batch)) === 0);

  // Later, on another visit to the page, it can still be taken back.
  await page.goto('/#/pins');
  await page.reload();
  await page.waitForSelector('[data-ready=yes]');
  if (size === 'phone') await page.click('.handle');
  await page.waitForSelector('.bar .plain:has-text("撤销")');
  expect(await page.locator(`[data-group="${group.group_id}"]`).count()).toBe(0);
  expect(await page.textContent('.bar .note')).toBe('与采集单位核对过');
  await settled(page);
  await shoot(page, `mend-bar-${size}`);
  await expectAccessible(page);
  await page.click('.bar .plain:has-text("撤销")');
  await page.waitForSelector(`[data-group="${group.group_id}"]`);
  const back = await Promise.all(members.map((member) => address(page, member)));
  expect(back.map(({ lon, lat }) => [lon, lat])).toEqual(before.map(({ lon, lat }) => [lon, lat]));
  await eventually('the flags are back', async () => (await flagsOf(page, group.rule, group.batch)) === members.length);
  expect(await page.locator('.bar .plain:has-text("撤销")').count()).toBe(0);
  await shoot(page, `mend-undone-${size}`);
  expect(complaints).toEqual([]);
  await close();
});

it('is worked by keys, in English', async () => {
  const { page, complaints, close } = await visit('desk', { language: 'en' });
  // The batches can't be read: the single flags can, and the list says what is missing.
  await page.route('**/api/flag-groups?*', (route) => route.fulfill({ status: 503, body: '' }));
  await signIn(page, 'reviewer');
  await page.waitForSelector('[data-groups=failed]');
  expect(await page.textContent('[data-groups=failed]')).toContain('Whole batches could not be read');
  expect(await page.locator('[data-flag]').count()).toBeGreaterThan(0);
  await shoot(page, 'mend-unread');
  await expectAccessible(page);
  await page.unroute('**/api/flag-groups?*');
  await page.click('[data-groups=failed] button');
  await page.waitForSelector('[data-group]');
  await page.keyboard.press('ArrowDown');
  await page.waitForSelector('[data-group][aria-current]');
  await page.waitForSelector('[data-member]');
  await settled(page);
  await page.keyboard.press('ArrowDown');
  await eventually(
    'the second group is open',
    async () => (await page.locator('[data-group]').nth(1).getAttribute('aria-current')) === 'true',
  );
  await page.waitForSelector('[data-member]');
  await settled(page);
  await page.keyboard.press('a');
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toMatch(/^Mend all \d+$/);
  await shoot(page, 'mend-english');
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await eventually('the card is shut', async () => (await page.locator('[data-member]').count()) === 0);
  expect(complaints).toEqual([]);
  await close();
});

it('shows a collector the batch, and says who mends it', async () => {
  const { page, complaints, close } = await visit('phone');
  await signIn(page, 'collector');
  await openList(page, 'phone');
  await page.locator('[data-group]').first().click();
  await page.waitForSelector('[data-member]');
  expect(await page.locator('[data-member] input').count()).toBe(0);
  expect(await page.locator('footer .primary').count()).toBe(0);
  expect(await page.locator('footer').textContent()).toContain('整批纠正由审核人员完成');
  await settled(page);
  await shoot(page, 'mend-no-right');
  await expectAccessible(page);
  // Each pin can be opened by itself, and leads back to its batch.
  await page.locator('[data-member] .line').first().click();
  await page.getByRole('button', { name: '属于一整批同因问题' }).click();
  await page.waitForSelector('[data-member]');
  // What is no group any more says so.
  await page.goto('/#/pins?group=0000000000000000');
  await page.reload();
  await page.waitForSelector('text=这一批已经没有可以一起纠正的点位');
  await shoot(page, 'mend-gone');
  await expectAccessible(page);
  expect(complaints).toEqual([]);
  await close();
});
