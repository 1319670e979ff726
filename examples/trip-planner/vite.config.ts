import { defineConfig } from 'vitest/config'

const server = process.env['TIDEWIRE_HTTP'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: 'web',
  // Relative, so that the page works under any path of the server.
  base: './',
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '/dev/token': server,
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    root: '.',
    include: ['agent/test/**/*.test.ts', 'web/test/**/*.test.ts'],
  },
})
