import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** The server that `npm run dev` talks to: `gridpin serve`. */
const server = process.env.GRIDPIN_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  build: { target: 'es2022', chunkSizeWarningLimit: 1500, assetsInlineLimit: 0 },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/tiles', '/style', '/events', '/healthz', '/readyz', '/metrics'].map((path) => [
        path,
        { target: server },
      ]),
    ),
  },
  test: { include: ['src/**/*.test.ts'] },
});
