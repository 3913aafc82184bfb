import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { eventually, expectAccessible, read, settled, shoot, signIn, SIZES, chromiumFor, type Size } from './browser';
import type { AuditEntry, OpenSession, Page as List } from '../src/api/types';

/** Everybody looks after their own account; a steward reads what was done, and proves that the record is whole. */

const visit = chromiumFor();

/** The code that an authenticator app shows for a secret (RFC 6238), some intervals of 30 seconds from now. */
function code(secret: string, later = 0): string {
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac('sha1', key).update(step).digest();
  return String((mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

it.each(Object.keys(SIZES) as Size[])('looks after the own account, %s', async (size) => {
  const { page, complaints, strangers, close } = await visit(size);
  await signIn(page, 'leader');
  await page.click('a.who');
  await page.waitForSelector('[data-session]');
  const text = (await page.textContent('.account'))!;
  for (const part of ['登录的设备', '修改密码', '两步验证', '接口令牌', '本设备', 'Chrome'])
    expect(text).toContain(part);
  await shoot(page, `account-${size}`);
  await expectAccessible(page);

  // A weak password and a wrong one are told apart, and nothing happens.
  await page.fill('input[name=current]', 'demo');
  await page.fill('input[name=new]', 'password1234');
  await page.fill('input[name=again]', 'password12345');
  await page.click('section[aria-labelledby=password] .primary');
  await page.waitForSelector('text=两次输入的新密码不一样');
  await page.fill('input[name=again]', 'password1234');
  await page.click('section[aria-labelledby=password] .primary');
  await page.waitForSelector('[data-problem=invalid]');
  await page.fill('input[name=current]', 'demo2');
  await page.click('section[aria-labelledby=password] .primary');
  await page.waitForSelector('[data-problem=refused]');
  expect(await page.locator('dialog').count(), 'a wrong password is not the end of the session').toBe(0);

  await page.click('section[aria-labelledby=tokens] header .button');
  await page.fill('input[name=label]', '指挥大屏');
  await expectAccessible(page);
  await page.click('dialog .primary');
  const secret = (await page.textContent('dialog .made code'))!;
  expect(secret).toMatch(/^gridpin_[0-9a-f]{64}$/);
  await shoot(page, `account-token-${size}`);
  const url = new URL('/api/me', page.url()).href;
  const withToken = () => fetch(url, { headers: { authorization: `Bearer ${secret}` } });
  expect((await withToken()).status).toBe(200);
  await page.click('dialog .primary');
  await page.waitForSelector('[data-token]');
  await page.click('[data-token] .button');
  await eventually('the token is gone', async () => !(await page.locator('[data-token]').count()));
  expect((await withToken()).status).toBe(401);

  // Another device is seen and signed out.
  const other = await visit('desk');
  await signIn(other.page, 'leader');
  await page.reload();
  await page.waitForSelector('[data-session]:nth-child(2)');
  const before = (await read<OpenSession[]>(page, '/api/sessions')).length;
  await page.locator('[data-session] .button').first().click();
  await eventually('one is gone', async () => (await read<OpenSession[]>(page, '/api/sessions')).length === before - 1);
  await other.page.reload();
  await other.page.waitForSelector('input[name=name]');
  await other.close();
  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
  await close();
});

it('signs in with a second factor, and turns it off', async () => {
  const { page, close } = await visit('phone');
  await signIn(page, 'department');
  await page.click('a.who');
  await page.click('section[aria-labelledby=totp] .button');
  await page.fill('dialog input[name=password]', 'demo');
  await page.click('dialog .primary');
  const secret = (await page.textContent('dialog .secret code'))!;
  await eventually('the picture is there', () =>
    page.evaluate(() => document.querySelector<HTMLImageElement>('dialog img')!.naturalWidth > 100),
  );
  await shoot(page, 'account-totp');
  await expectAccessible(page);
  // An interval back: the next sign-in needs one that was not used.
  await page.fill('dialog input[name=code]', code(secret, -1));
  await page.click('dialog .primary');
  await page.waitForSelector('section[aria-labelledby=totp] .state.on');

  const other = await visit('phone');
  await other.page.fill('input[name=name]', 'department');
  await other.page.fill('input[name=password]', 'demo');
  await other.page.click('form button.primary');
  await other.page.waitForSelector('input[name=code]');
  await shoot(other.page, 'sign-in-code');
  await expectAccessible(other.page);
  await other.page.fill('input[name=code]', '000000');
  await other.page.click('form button.primary');
  await other.page.waitForSelector('#wrong:not(:empty)');
  await other.page.fill('input[name=code]', code(secret));
  await other.page.click('form button.primary');
  await other.page.waitForSelector('[data-ready=yes]');
  await other.close();

  await page.click('section[aria-labelledby=totp] .button');
  await page.fill('dialog input[name=password]', 'demo');
  await page.click('dialog .primary');
  await page.waitForSelector('section[aria-labelledby=totp] .state:not(.on)');
  await close();
});

it.each(Object.keys(SIZES) as Size[])('reads, filters and proves the audit log, %s', async (size) => {
  const { page, complaints, strangers, close } = await visit(size);
  await signIn(page, 'steward', '.data dl');
  await page.click('header nav a[href="#/audit"]');
  await page.waitForSelector('[data-seq]');
  await settled(page);
  await page.click('.do button');
  await page.waitForSelector('[data-verdict=whole]');
  await shoot(page, `audit-${size}`);
  await expectAccessible(page);

  await page.selectOption('select[name=action]', 'session');
  await page.fill('input[name=actor]', 'steward');
  const { items } = await read<List<AuditEntry>>(page, '/api/audit?action=session&actor=steward&limit=50');
  await eventually('the filter holds', async () => (await page.locator('[data-seq]').count()) === items.length);
  expect(await page.textContent('[data-seq]')).toContain('登录');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('.do a')]);
  const lines = (await (await import('node:fs/promises')).readFile(await download.path(), 'utf8')).trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as AuditEntry).action).every((a) => a.startsWith('session'))).toBe(true);
  await page.fill('input[name=actor]', 'nobody-at-all');
  await page.waitForSelector('[data-blank=empty]');
  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
  await close();
});
