import { describe, expect, it } from 'vitest';
import type { Address, Correction, Flag, Page as List } from '../src/api/types';
import { distanceM } from '../src/geo/measure';
import { eventually, read, settled, shoot, signIn, SIZES, chromiumFor, type Size } from './browser';
import { mayServe, serve, type Server } from './server';

/** The server is killed in the middle of a collector's work, and comes back: nothing entered is lost or stored twice. */

describe.runIf(mayServe)('a killed server', () => {
  const visit = chromiumFor();

  it.each(Object.keys(SIZES) as Size[])('takes nothing away, %s', async (size) => {
    let server: Server = await serve();
    const port = Number(new URL(server.url).port);
    const { page, close } = await visit(size, { url: server.url });
    try {
      await signIn(page, 'collector');
      const { items } = await read<List<Flag>>(page, '/api/flags?state=open&limit=200');
      let flag: Flag | undefined;
      for (const one of items) {
        if (!one.address_id || one.suggestion?.at == null || one.at == null || Math.abs(one.at.lat) > 80) continue;
        flag = one;
        break;
      }
      expect(flag, 'a flag with a suggested place').toBeDefined();
      const note = `门口改到南侧，门牌未变（${size}）`;
      const path = `/api/addresses/${flag!.address_id}`;
      const before = await read<Address>(page, path);
      const pin = { lon: before.lon!, lat: before.lat! };
      await page.evaluate(
        (hash) => (location.hash = hash),
        `#/pins?flag=${flag!.flag_id}&address=${encodeURIComponent(flag!.address_id!)}`,
      );
      await page.reload();
      await page.waitForSelector('.tools');
      await settled(page);

      // A comment is half written when the server goes.
      await page.locator('.tools').getByRole('button', { name: '备注' }).click();
      await page.fill('dialog textarea', note);
      await server.stop('SIGKILL');
      await page.getByRole('button', { name: '保存备注' }).click();
      await page.waitForSelector('dialog [data-problem=unanswered]');
      expect(await page.inputValue('dialog textarea')).toBe(note);
      await page.waitForSelector('.strip[role=alert]');
      await shoot(page, `killed-comment-${size}`);
      // Closed and opened again, it is still there; and the suggestion says as honestly that it was not stored.
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog', { state: 'detached' });
      await page.click('footer .primary');
      await page.waitForSelector('footer [data-problem=unanswered]');
      await shoot(page, `killed-accept-${size}`);

      // A pin that was put elsewhere stays there, and is stored when the server is back.
      await page.locator('.tools').getByRole('button', { name: '移动点位' }).click();
      await page.waitForTimeout(900);
      for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowRight');
      const moved = await page.textContent('[data-testid=move-read]');
      expect(moved).toMatch(/4\.0 米/);
      await page.getByRole('button', { name: '放在这里' }).click();
      await page.waitForSelector('.panel [data-problem=unanswered]');
      expect(await page.textContent('[data-testid=move-read]')).toBe(moved);
      await shoot(page, `killed-move-${size}`);

      server = await serve(port);
      await page.waitForSelector('.strip[role=alert]', { state: 'detached', timeout: 30_000 });
      await page.getByRole('button', { name: '放在这里' }).click();
      await page.waitForSelector('.settled');
      await eventually('the pin is stored, once', async () => {
        const after = await read<Address>(page, path);
        const there = { lon: after.lon!, lat: after.lat! };
        // Neither the acceptance nor the comment that were not confirmed came through behind anybody's back.
        return after.version === before.version + 1 && Math.abs(distanceM(there, pin) - 4) < 0.1;
      });

      await page.reload();
      await page.waitForSelector('.tools');
      await page.locator('.tools').getByRole('button', { name: '备注' }).click();
      expect(await page.inputValue('dialog textarea')).toBe(note);
      await page.getByRole('button', { name: '保存备注' }).click();
      await page.waitForSelector('dialog', { state: 'detached' });
      await eventually('the comment is stored, once', async () => {
        const { corrections } = await read<Address>(page, path);
        return corrections.filter((one: Correction) => one.note === note).length === 1;
      });
    } finally {
      await close();
      await server.stop();
    }
  });
});
