import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumFor, shoot } from './browser';
import { freePort, mayServe, serve, type Server } from './server';

/** People sign in by the site's own provider of identities: here a certified one, started for this journey. */

const visit = chromiumFor();
const CLIENT = { id: 'gridpin', secret: 'a secret of this journey only' };

describe.skipIf(!mayServe)('with a provider of identities', () => {
  let gridpin: Server;
  let stop: () => void;

  beforeAll(async () => {
    const [at, port] = [await freePort(), await freePort()];
    const issuer = `http://127.0.0.1:${at}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [`http://127.0.0.1:${port}/api/session/oidc/return`],
        },
      ],
      claims: { openid: ['sub'], profile: ['preferred_username'] },
      pkce: { required: () => true },
      cookies: { keys: ['of this journey'] },
      // Its own page for trying out: whatever name is typed is who it is.
      features: { devInteractions: { enabled: true } },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: `sub-${id}`, preferred_username: id }) }),
    });
    const server = createServer(provider.callback());
    await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
    stop = () => (server.closeAllConnections(), server.close());
    gridpin = await serve(port, {
      GRIDPIN_OIDC_ISSUER: issuer,
      GRIDPIN_OIDC_CLIENT_ID: CLIENT.id,
      GRIDPIN_OIDC_CLIENT_SECRET: CLIENT.secret,
      GRIDPIN_PUBLIC_URL: `http://127.0.0.1:${port}`,
    });
  }, 150_000);
  afterAll(async () => {
    await gridpin?.stop();
    stop?.();
  });

  /** Goes through the provider's page as somebody. */
  async function leaveAs(name: string) {
    const { page, close } = await visit('phone', { url: gridpin.url });
    await page.click('a[href="/api/session/oidc"]');
    await page.fill('input[name=login]', name);
    await page.fill('input[name=password]', 'whatever');
    await page.click('button[type=submit]');
    await page.click('button[type=submit]');
    return { page, close };
  }

  it('signs in who has an account, with the rights that it has here', async () => {
    const { page, close } = await leaveAs('leader');
    await page.waitForSelector('[data-ready=yes]');
    const me = (await (await page.request.get('/api/me')).json()) as { name: string; role: string };
    expect(me).toMatchObject({ name: 'leader', role: 'leader' });
    const cookies = await page.context().cookies(gridpin.url);
    const session = cookies.find(({ name }) => name === 'gridpin_session');
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookies.some(({ name }) => name === 'gridpin_away')).toBe(false);
    await close();
  });

  it('tells who has none, and who comes back with what is not theirs', async () => {
    const { page, close } = await leaveAs('nobody-here');
    await page.waitForSelector('#wrong:not(:empty)');
    expect(await page.textContent('#wrong')).toContain('没有对应的账号');
    expect(page.url()).not.toContain('refused');
    await shoot(page, 'sign-in-refused');
    for (const query of ['', '?code=x&state=y', '?error=access_denied&state=y']) {
      await page.goto(`/api/session/oidc/return${query}`);
      await page.waitForSelector('#wrong:not(:empty)');
      expect(await page.textContent('#wrong')).toContain('没有完成');
    }
    // A code of somebody else's sign-in: the state that this browser left with is another.
    const left = await page.request.get('/api/session/oidc', { maxRedirects: 0 });
    expect(left.status()).toBe(303);
    const url = new URL(left.headers().location!);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    await page.goto(`/api/session/oidc/return?code=x&state=${url.searchParams.get('state')}`);
    await page.waitForSelector('#wrong:not(:empty)');
    expect((await page.request.get('/api/me')).status()).toBe(401);
    await close();
  });

  it('says so when the provider is away, and lets accounts sign in by password', async () => {
    const { page, close } = await visit('phone', { url: gridpin.url });
    stop();
    // What it said of itself is remembered: the browser leaves, and only the code cannot be asked for.
    const left = await page.request.get('/api/session/oidc', { maxRedirects: 0 });
    const state = new URL(left.headers().location!).searchParams.get('state');
    await page.goto(`/api/session/oidc/return?code=x&state=${state}`);
    await page.waitForSelector('#wrong:not(:empty)');
    expect(await page.textContent('#wrong')).toContain('暂时没有答复');
    await page.fill('input[name=name]', 'leader');
    await page.fill('input[name=password]', 'demo');
    await page.click('form button.primary');
    await page.waitForSelector('[data-ready=yes]');
    await close();
  });
});
