import { readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// Adds src/theme.js as a script that runs before the first paint, under a hashed name: the policy allows no script in
// the page itself, and a module would run too late.
function themeScript(): Plugin {
  let reference = '';
  return {
    name: 'theme-script',
    apply: 'build',
    buildStart() {
      reference = this.emitFile({ type: 'asset', name: 'theme.js', source: readFileSync('src/theme.js') });
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const name = Object.keys(bundle ?? {}).find((file) => /^assets\/theme-[^/]*\.js$/.test(file));
        if (name === undefined) throw new Error(`theme.js is missing (${reference})`);
        return { html, tags: [{ tag: 'script', attrs: { src: `/console/${name}` }, injectTo: 'head-prepend' }] };
      },
    },
  };
}

export default defineConfig({
  base: '/console/',
  plugins: [react(), themeScript()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    // What the first page needs comes in few files; each further page is one more.
    rolldownOptions: {
      output: {
        advancedChunks: {
          groups: [
            { name: 'vendor', test: /node_modules\/(react|react-dom|scheduler|@tanstack|@base-ui|@floating-ui|use-sync-external-store|openapi-fetch|lucide-react)\// },
            { name: 'shared', test: /src\/(ui|api|session)\/|src\/tokens\/(tokens|parts|delete|search|drawer|table|toolbar|list)\.tsx?$/ },
          ],
        },
      },
    },
  },
});
