// Writes the C source of the console: node embed.mjs DIST OUT_C
// Vite has put the hash of its content into each asset's name.
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { embed, IMMUTABLE, REVALIDATED } from '../embed.mjs';

const [dist, out] = process.argv.slice(2);
const base = '/console/';
const types = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const files = readdirSync(join(dist, 'assets')).sort().map((name) => {
  const type = types[extname(name)];
  if (type === undefined) throw new Error(`${name}: no content type is known`);
  return { path: `${base}assets/${name}`, type, bytes: readFileSync(join(dist, 'assets', name)), cache: IMMUTABLE };
});
const page = readFileSync(join(dist, 'index.html'));
for (const path of [base, `${base}index.html`])
  files.push({ path, type: 'text/html; charset=utf-8', bytes: page, cache: REVALIDATED });
embed(out, 'console', files);
