import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    url: string;
  }
}

/**
 * The server that the journeys visit: the one at GRIDPIN_URL, or one that is started here from GRIDPIN_BIN on the
 * database of GRIDPIN_DATABASE and stopped afterwards. It has to hold the demo town.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const { GRIDPIN_URL, GRIDPIN_BIN, GRIDPIN_DATABASE } = process.env;
  if (GRIDPIN_URL) {
    project.provide('url', GRIDPIN_URL.replace(/\/$/, ''));
    return () => {};
  }
  if (!GRIDPIN_BIN || !GRIDPIN_DATABASE) {
    throw new Error('journeys need GRIDPIN_URL, or GRIDPIN_BIN and GRIDPIN_DATABASE');
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = spawn(GRIDPIN_BIN, ['serve', '--bind', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = () => void server.kill('SIGTERM');
  for (let i = 0; i < 240; i++) {
    if (server.exitCode != null) throw new Error(`the server ended with code ${server.exitCode}`);
    if (
      await fetch(`${url}/readyz`)
        .then((answer) => answer.ok)
        .catch(() => false)
    ) {
      project.provide('url', url);
      return stop;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  stop();
  throw new Error('the server did not get ready within two minutes');
}

function freePort(): Promise<number> {
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
