import { describe, expect, it } from 'vitest';
import type { Flag, Page as List, Rule } from '../src/api/types';
import { eventually, expectAccessible, read, settled, shoot, signIn, SIZES, chromiumFor, type Size } from './browser';

/** What frames every page: signing in and out, language, a lost connection, nothing to show. */

const visit = chromiumFor();

for (const size of Object.keys(SIZES) as Size[]) {
  describe(`frame, ${size}`, () => {
    it('refuses a wrong password and says so', async () => {
      const { page, close } = await visit(size);
      await shoot(page, `sign-in-${size}`);
      await expectAccessible(page);
      await page.click('form button.primary');
      expect(await page.textContent('#wrong')).toBe('请输入账号。');
      await page.fill('input[name=name]', 'collector');
      await page.fill('input[name=password]', 'not it');
      await page.click('form button.primary');
      await page.waitForFunction(() => document.querySelector('#wrong')?.textContent === '账号或密码不正确。');
      expect(await page.inputValue('input[name=password]')).toBe('');
      await shoot(page, `sign-in-wrong-${size}`);
      await expectAccessible(page);
      await close();
    });

    it('signs in by a hint, speaks English, keeps that, and signs out', async () => {
      const { page, context, close } = await visit(size);
      await page.locator('.chips .chip', { hasText: 'leader' }).click();
      await page.click('form button.primary');
      await page.waitForSelector('.figure');
      await page.getByRole('button', { name: 'English' }).click();
      await page.waitForSelector('text=What is missing to the target');
      expect(await page.getAttribute('html', 'lang')).toBe('en');
      await settled(page);
      await shoot(page, `coverage-english-${size}`);
      await page.reload();
      await page.waitForSelector('text=What is missing to the target');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForSelector('input[name=name]');
      expect((await context.request.get('/api/me')).status()).toBe(401);
      await close();
    });

    it('tells the truth about a lost connection, and comes back', async () => {
      const { page, context, close } = await visit(size);
      await signIn(page, 'collector');
      await page.waitForSelector(size === 'phone' ? '.next' : '[data-flag]');
      await context.setOffline(true);
      await page.waitForSelector('.strip[role=alert]');
      expect(await page.textContent('.strip[role=alert]')).toMatch(/离线 · 显示的是 \d\d:\d\d 的数据/);
      await page.click(size === 'phone' ? '.next' : '[data-flag]');
      await page.waitForSelector('[data-blank=problem]');
      await shoot(page, `offline-${size}`);
      await expectAccessible(page);
      await context.setOffline(false);
      await page.waitForSelector('.strip[role=alert]', { state: 'detached' });
      await page.waitForSelector('.tools');
      await close();
    });

    it('says beside the button that more of a list was not read, and reads on when it can', async () => {
      const { page, context, close } = await visit(size);
      await signIn(page, 'collector');
      if (size === 'phone') await page.click('.handle');
      const more = page.locator('.list .more button');
      await more.scrollIntoViewIfNeeded();
      const rows = await page.locator('[data-flag]').count();
      await context.setOffline(true);
      await page.waitForSelector('.strip[role=alert]');
      await more.click();
      await page.waitForSelector('.list .more [data-problem=offline]');
      expect(await page.textContent('.list .more [data-problem]')).toBe('连接不到服务器，没有读到数据。');
      expect(await more.textContent()).toBe('重试');
      expect(await page.locator('[data-flag]').count()).toBe(rows);
      await more.scrollIntoViewIfNeeded();
      await shoot(page, `offline-more-${size}`);
      await expectAccessible(page);
      await context.setOffline(false);
      await page.waitForSelector('.strip[role=alert]', { state: 'detached' });
      await page.waitForSelector('.list .more [data-problem]', { state: 'detached' });
      await more.click();
      await eventually('there are more', async () => (await page.locator('[data-flag]').count()) > rows);
      await close();
    });

    it('says when the server does not answer', async () => {
      const { page, close } = await visit(size);
      await signIn(page, 'collector');
      for (const path of ['**/api/**', '**/healthz', '**/tiles/**', '**/events'])
        await page.route(path, (route) => route.abort());
      if (size === 'phone') await page.click('.handle');
      await page.locator('.chip').first().click();
      await page.waitForSelector('text=服务器无应答');
      await shoot(page, `down-${size}`);
      await page.unrouteAll();
      await page.getByRole('button', { name: '重试' }).first().click();
      await page.waitForSelector('text=服务器无应答', { state: 'detached' });
      await close();
    });

    it('says that it still waits on a slow network, and shows what comes', async () => {
      const { page, close } = await visit(size);
      await signIn(page, 'collector');
      // Nothing is answered before the page was looked at, however long this machine takes for that.
      let answer = () => {};
      const seen = new Promise<void>((resolve) => (answer = resolve));
      await page.route('**/api/flags*', async (route) => {
        await seen;
        await route.continue().catch(() => {}); // given up by the page meanwhile
      });
      if (size === 'phone') await page.click('.handle');
      await page.locator('.chip').first().click();
      await page.waitForSelector('.strip >> text=网络较慢');
      expect(await page.locator('[aria-busy=true]').count()).toBeGreaterThan(0);
      await shoot(page, `slow-${size}`);
      answer();
      await page.waitForSelector('[data-flag]');
      await page.waitForSelector('.strip', { state: 'detached' });
      await close();
    });

    it('goes back to signing in when the session has ended', async () => {
      const { page, context, close } = await visit(size);
      await signIn(page, 'collector');
      await context.clearCookies();
      if (size === 'phone') await page.click('.handle');
      await page.locator('.chip').first().click();
      await page.waitForSelector('input[name=name]');
      await page.waitForSelector('text=登录已过期');
      await close();
    });

    it('has a word for an empty list', async () => {
      const { page, close } = await visit(size);
      await signIn(page, 'collector');
      if (size === 'phone') await page.click('.handle');
      const { items: rules } = await read<List<Rule>>(page, '/api/rules');
      let empty: string | undefined;
      for (const { code } of rules) {
        const { total } = await read<List<Flag>>(page, `/api/flags?state=open&limit=1&rule=${code}`);
        if (total === 0) {
          empty = code;
          break;
        }
      }
      expect(empty, 'a rule without findings').toBeDefined();
      await page.selectOption('.narrow select', empty!);
      await page.waitForSelector('text=没有符合筛选条件的问题');
      await shoot(page, `empty-${size}`);
      await expectAccessible(page);
      await page.getByRole('button', { name: '清除筛选' }).click();
      await eventually('the list is back', async () => (await page.locator('[data-flag]').count()) > 0);
      await close();
    });
  });
}
