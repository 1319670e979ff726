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
  // `ws` has optional native parts; in one file it does without.
  define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
  ssr: { noExternal: true, target: 'node' },
})
