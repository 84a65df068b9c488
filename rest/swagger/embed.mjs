// Makes the C source of the Swagger page: node embed.mjs SOURCE MODULES OUT_C
// Scripts and styles get the hash of their content into their names, and every file its brotli and gzip forms, so
// that the server compresses nothing.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [source, modules, out] = process.argv.slice(2);
const base = '/api/v1/swagger/';
const immutable = 'public, max-age=31536000, immutable';
const assets = [
  ['swagger-ui.css', join(modules, 'swagger-ui-dist'), 'text/css; charset=utf-8'],
  ['page.css', source, 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', join(modules, 'swagger-ui-dist'), 'text/javascript; charset=utf-8'],
  ['init.js', source, 'text/javascript; charset=utf-8'],
];

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);
const files = [];
let page = readFileSync(join(source, 'index.html'), 'utf8');
for (const [name, folder, type] of assets) {
  // The map is not served, so nothing may ask for it.
  const text = readFileSync(join(folder, name), 'utf8').replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*$/m, '');
  const bytes = Buffer.from(text);
  const dot = name.lastIndexOf('.');
  const hashed = `${name.slice(0, dot)}.${hash(bytes)}${name.slice(dot)}`;
  page = page.replaceAll(`"${name}"`, `"${hashed}"`);
  files.push({ path: base + hashed, type, bytes, cache: immutable });
}
const index = Buffer.from(page);
for (const path of [base + 'index.html', base])
  files.push({ path, type: 'text/html; charset=utf-8', bytes: index, cache: 'no-cache' });

const brotli = (bytes) => brotliCompressSync(bytes, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
});
const quote = (text) => JSON.stringify(text);
let blobs = 0;
const seen = new Map();
const store = (bytes) => {
  const key = hash(bytes);
  if (!seen.has(key)) {
    const name = `blob_${blobs++}`;
    const file = join(dirname(out), `${name}.bin`);
    writeFileSync(file, bytes);
    seen.set(key, { name, file, length: bytes.length });
  }
  return seen.get(key);
};
const rows = files.map(({ path, type, bytes, cache }) => {
  const forms = [bytes, gzipSync(bytes, { level: 9 }), brotli(bytes)].map(store);
  const slices = forms.map(({ name, length }) => `{swagger__${name}, ${length}}`);
  return `    {${quote(path)}, ${quote(type)}, ${quote(cache)}, ${quote(`"${hash(bytes)}"`)}, ${slices.join(', ')}},`;
});
const blocks = [...seen.values()].map(({ name, file }) =>
  `__asm__(".section .rodata\\n.balign 16\\n.globl swagger__${name}\\nswagger__${name}:\\n.incbin ${quote(file).replaceAll('"', '\\"')}\\n.text\\n");
extern const char swagger__${name}[];`);
writeFileSync(out, `/* Made by the build from rest/swagger/: the Swagger page and its forms. */
#include "rest/swagger/swagger_private.h"

${blocks.join('\n')}

const struct swagger_row swagger__rows[] = {
${rows.join('\n')}
    {NULL, NULL, NULL, NULL, {NULL, 0}, {NULL, 0}, {NULL, 0}},
};
`);
