// Writes files as C source that the server serves: embed(out, name, files), for the pages that are embedded.
// Each file {path, type, bytes, cache} gets its brotli and gzip forms here, so that the server compresses nothing.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

export const IMMUTABLE = 'public, max-age=31536000, immutable';
export const REVALIDATED = 'no-cache';

export const hash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

const brotli = (bytes) => brotliCompressSync(bytes, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
});
const quote = (text) => JSON.stringify(text);

// Fonts are compressed already.
const formsOf = ({ type, bytes }) =>
  type.startsWith('font/') ? [bytes, Buffer.alloc(0), Buffer.alloc(0)] : [bytes, gzipSync(bytes, { level: 9 }), brotli(bytes)];

export function embed(out, name, files) {
  const seen = new Map();
  const store = (bytes) => {
    const key = hash(bytes);
    if (!seen.has(key)) {
      const blob = `${name}__blob_${seen.size}`;
      const file = join(dirname(out), `${blob}.bin`);
      writeFileSync(file, bytes);
      seen.set(key, { blob, file, length: bytes.length });
    }
    return seen.get(key);
  };
  const rows = files.map((file) => {
    const slices = formsOf(file).map(store).map(({ blob, length }) => (length > 0 ? `{${blob}, ${length}}` : '{NULL, 0}'));
    const texts = [file.path, file.type, file.cache, `"${hash(file.bytes)}"`].map(quote);
    return `    {${[...texts, ...slices].join(', ')}},`;
  });
  const blocks = [...seen.values()].filter(({ length }) => length > 0).map(({ blob, file }) =>
    `__asm__(".section .rodata\\n.balign 16\\n.globl ${blob}\\n${blob}:\\n.incbin ${quote(file).replaceAll('"', '\\"')}\\n.text\\n");
extern const char ${blob}[];`);
  writeFileSync(out, `/* Written by the build from rest/${name}/: the files of the pages, and their compressed forms. */
#include "rest/${name}/${name}_private.h"

${blocks.join('\n')}

const struct file_row ${name}__rows[] = {
${rows.join('\n')}
    {NULL, NULL, NULL, NULL, {NULL, 0}, {NULL, 0}, {NULL, 0}},
};
`);
}
