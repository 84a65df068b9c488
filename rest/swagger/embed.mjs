// Makes the C source of the Swagger page: node embed.mjs SOURCE MODULES OUT_C
// Scripts and styles get the hash of their content into their names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { embed, hash, IMMUTABLE, REVALIDATED } from '../embed.mjs';

const [source, modules, out] = process.argv.slice(2);
const base = '/api/v1/swagger/';
const assets = [
  ['swagger-ui.css', join(modules, 'swagger-ui-dist'), 'text/css; charset=utf-8'],
  ['page.css', source, 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', join(modules, 'swagger-ui-dist'), 'text/javascript; charset=utf-8'],
  ['init.js', source, 'text/javascript; charset=utf-8'],
];

const files = [];
let page = readFileSync(join(source, 'index.html'), 'utf8');
for (const [name, folder, type] of assets) {
  // The map is not served, so nothing may ask for it.
  const text = readFileSync(join(folder, name), 'utf8').replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/m, '');
  const bytes = Buffer.from(text);
  const dot = name.lastIndexOf('.');
  const hashed = `${name.slice(0, dot)}.${hash(bytes)}${name.slice(dot)}`;
  page = page.replaceAll(`"${name}"`, `"${hashed}"`);
  files.push({ path: base + hashed, type, bytes, cache: IMMUTABLE });
}
const index = Buffer.from(page);
for (const path of [base + 'index.html', base])
  files.push({ path, type: 'text/html; charset=utf-8', bytes: index, cache: REVALIDATED });
embed(out, 'swagger', files);
