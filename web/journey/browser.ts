import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject } from 'vitest';

/** What every journey shares: a real Chromium, the two sizes, signing in, looking at accessibility. */

export const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } } as const;
export type Size = keyof typeof SIZES;

const SHOTS = fileURLToPath(new URL('../../test-output/screenshots/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(SHOTS, { recursive: true });

/** Nothing leaves this machine, and WebGL is drawn by the processor. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
];

function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What the browser complained about: scripts that failed, things that the security policy refused. */
  complaints: string[];
  /** Requests that went to another place than the server. */
  strangers: string[];
  close: () => Promise<void>;
}

interface Options {
  language?: 'zh' | 'en';
  url?: string;
}

/** A Chromium for the journeys that follow, closed after them: what it gives opens the client in a fresh profile. */
export function chromiumFor(): (size: Size, options?: Options) => Promise<Visit> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  return (size, options) => {
    if (!browser) throw new Error('there is no browser before the first journey');
    return visit(browser, size, options);
  };
}

async function visit(browser: Browser, size: Size, options: Options = {}): Promise<Visit> {
  const phone = size === 'phone';
  const url = options.url ?? inject('url');
  const context = await browser.newContext({
    viewport: SIZES[size],
    deviceScaleFactor: phone ? 2 : 1,
    hasTouch: phone,
    isMobile: phone,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    baseURL: url,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  const strangers: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|TypeError|ReferenceError/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  const own = new URL(url).host;
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.host !== own) strangers.push(request.url());
  });
  if (options.language)
    await page.addInitScript((code) => localStorage.setItem('gridpin.language', code), options.language);
  await page.goto('/');
  await page.waitForSelector('input[name=name]');
  return { page, context, complaints, strangers, close: () => context.close() };
}

/** Signs in with a demo account and waits for its map, or for what its page has instead. */
export async function signIn(page: Page, name: string, ready = '[data-ready=yes]'): Promise<void> {
  await page.fill('input[name=name]', name);
  await page.fill('input[name=password]', 'demo');
  await page.click('form button.primary');
  await page.waitForSelector(ready, { timeout: 40_000 });
  await settled(page);
}

/** Waits until the map has its tiles and has stopped moving. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('load');
  let last = Date.now();
  const touch = () => (last = Date.now());
  page.on('request', touch);
  page.on('requestfinished', touch);
  for (let i = 0; i < 80 && Date.now() - last < 500; i++) await page.waitForTimeout(100);
  page.off('request', touch);
  page.off('requestfinished', touch);
}

/** Keeps a picture of the page as an artefact of the run. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SHOTS}${name}.png` });
}

interface Violation {
  id: string;
  impact: string | null;
  nodes: { html: string }[];
}

/** No serious fault of accessibility on what is shown now. */
export async function expectAccessible(page: Page): Promise<void> {
  // Evaluated by the debugger: the page's own policy allows no script from elsewhere.
  const violations = (await page.evaluate(
    `${AXE}; axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)`,
  )) as Violation[];
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)).toEqual([]);
}

/** Reads the API as the person who is signed in on the page. */
export async function read<T>(page: Page, path: string): Promise<T> {
  const answer = await page.request.get(path);
  expect(answer.ok(), `${path}: ${answer.status()}`).toBe(true);
  return (await answer.json()) as T;
}

/** Asks until the answer is as wanted, for at most `seconds`. */
export async function eventually(what: string, wanted: () => Promise<boolean>, seconds = 8): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await wanted())) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/** The next request for a tile of one of the layers. */
export function nextTile(page: Page, layers: string[]): Promise<unknown> {
  return page.waitForResponse((answer) => layers.some((layer) => answer.url().includes(`/tiles/${layer}/`)), {
    timeout: 15_000,
  });
}
