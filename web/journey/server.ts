import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    url: string;
  }
}

/** A server of one's own: where it answers, and how it is stopped, or killed as by a power cut. */
export interface Server {
  url: string;
  stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
}

/** Whether journeys may start servers: GRIDPIN_BIN names the program, GRIDPIN_DATABASE the demo town. */
export const mayServe = Boolean(process.env.GRIDPIN_BIN && process.env.GRIDPIN_DATABASE);

/** Whether a server can do all of its work: it answers, and everything is checked. */
const isReady = async (answer: Response): Promise<boolean> =>
  answer.ok && ((await answer.json()) as { check: { state: string } }).check.state === 'checked';

/** Starts GRIDPIN_BIN on GRIDPIN_DATABASE and waits until it can do all of its work; `more` is its further environment. */
export async function serve(port?: number, more: Record<string, string> = {}): Promise<Server> {
  const bin = process.env.GRIDPIN_BIN;
  if (!bin) throw new Error('GRIDPIN_BIN is not set');
  port ??= await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(bin, ['serve', '--bind', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...more },
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const stop = (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => (server.kill(signal), ended);
  for (let i = 0; i < 240; i++) {
    if (server.exitCode != null) throw new Error(`the server ended with code ${server.exitCode}`);
    if (
      await fetch(`${url}/readyz`)
        .then(isReady)
        .catch(() => false)
    ) {
      return { url, stop };
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await stop();
  throw new Error('the server did not get ready within two minutes');
}

/**
 * The server that the journeys visit: the one at GRIDPIN_URL, or one that is started here from GRIDPIN_BIN on the
 * database of GRIDPIN_DATABASE and stopped afterwards. It has to hold the demo town.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { GRIDPIN_URL } = process.env;
  if (GRIDPIN_URL) {
    project.provide('url', GRIDPIN_URL.replace(/\/$/, ''));
    return async () => {};
  }
  if (!mayServe) throw new Error('journeys need GRIDPIN_URL, or GRIDPIN_BIN and GRIDPIN_DATABASE');
  const server = await serve();
  project.provide('url', server.url);
  return () => server.stop();
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
