import { defineConfig } from 'vite'

/** The agent as one file that plain `node` runs, its dependencies inside. */
export default defineConfig({
  build: {
    ssr: 'agent/src/main.ts',
    outDir: 'agent/dist',
    emptyOutDir: true,
    target: 'node18',
    rollupOptions: { output: { entryFileNames: 'agent.js', inlineDynamicImports: true } },
  },
  ssr: { noExternal: true, target: 'node' },
})
