import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Address, Correction, Flag, Page as List } from '../src/api/types';
import { expectAccessible, read, settled, shoot, signIn, SIZES, chromiumFor, type Size } from './browser';

/** A reviewer verifies what a collector changed; the collector's own hands are tied. */

const visit = chromiumFor();

it.each(Object.keys(SIZES) as Size[])('verifies and rejects corrections, %s', async (size) => {
  // The collector moves two pins.
  const collector = await visit('desk');
  await signIn(collector.page, 'collector');
  const { items } = await read<List<Flag>>(collector.page, '/api/flags?state=open&limit=1000');
  const ids = [
    ...new Set(items.flatMap(({ address_id, at }) => (address_id && at && Math.abs(at.lat) < 80 ? [address_id] : []))),
  ].slice(-2);
  for (const id of ids) {
    const seen = await read<Address>(collector.page, `/api/addresses/${id}`);
    const change = { kind: 'move', lon: seen.lon! + 0.0003, lat: seen.lat! };
    const answer = await collector.page.request.post('/api/corrections', {
      data: { correction_id: randomUUID(), address_id: id, base_version: seen.version, change, note: '门口在东侧' },
    });
    expect(answer.status()).toBe(201);
  }
  await collector.close();

  const { page, complaints, close } = await visit(size);
  await signIn(page, 'reviewer');
  await page.getByRole('link', { name: '待审更正' }).click();
  await page.waitForSelector('.row');
  const before = await read<List<Correction>>(page, '/api/corrections?state=unverified&limit=1000');
  await page.locator('.row').first().click();
  await page.waitForSelector('.what');
  await settled(page);
  await shoot(page, `review-${size}`);
  await expectAccessible(page);
  const done = page.waitForResponse(
    (answer) => answer.url().includes('/review') && answer.request().method() === 'POST',
  );
  if (size === 'desk') await page.keyboard.press('v');
  else await page.getByRole('button', { name: '通过' }).click();
  expect(((await (await done).json()) as Correction).state).toBe('verified');

  if (!(await page.locator('.what').count())) await page.locator('.row').first().click();
  const taken = page.waitForResponse(
    (answer) => answer.url().includes('/review') && answer.request().method() === 'POST',
  );
  await page.getByRole('button', { name: '退回' }).click();
  await page.fill('dialog textarea', '方向不对，请重新核实');
  await page.locator('dialog').getByRole('button', { name: '退回' }).click();
  expect(((await (await taken).json()) as Correction).state).toBe('rejected');
  const after = await read<List<Correction>>(page, '/api/corrections?state=unverified&limit=1000');
  expect(after.items.length).toBe(before.items.length - 2);
  expect(complaints).toEqual([]);
  await close();
});
