// How the console's files are served: headers, caching, forms, and which paths are the page.
import assert from 'node:assert';
import { request } from 'node:http';
import test, { after, before } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { startServer } from './pages.mjs';

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

let server;
before(async () => { server = await startServer(); });
after(async () => { await server?.stop(); });

const ask = (path, headers = {}, method = 'GET') => new Promise((resolve, reject) => {
  const call = request(`http://${server.address}${path}`, { method, headers }, (answer) => {
    const pieces = [];
    answer.on('data', (piece) => pieces.push(piece));
    answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces) }));
  });
  call.on('error', reject);
  call.end();
});

const assetOf = async () => /\/console\/assets\/index-[^"]*\.js/.exec((await ask('/console/')).body.toString())[0];

test('every answer of the console has the strict policy', async () => {
  for (const path of ['/', '/console', '/console/', '/console/organization/users', await assetOf(), '/console/assets/none.js']) {
    const { headers } = await ask(path);
    assert.strictEqual(headers['content-security-policy'], POLICY, path);
    assert.strictEqual(headers['x-content-type-options'], 'nosniff', path);
    assert.strictEqual(headers['referrer-policy'], 'no-referrer', path);
    assert.strictEqual(headers['cross-origin-opener-policy'], 'same-origin', path);
  }
});

test('the root leads to the console', async () => {
  for (const path of ['/', '/console']) {
    const { status, headers } = await ask(path);
    assert.deepStrictEqual([status, headers.location], [303, '/console/']);
  }
});

test('the page is asked for again, and an unknown route is the page', async () => {
  const page = await ask('/console/');
  assert.strictEqual(page.status, 200);
  assert.strictEqual(page.headers['cache-control'], 'no-cache');
  const route = await ask('/console/organization/settings/api-tokens/1', { 'if-none-match': page.headers.etag });
  assert.strictEqual(route.status, 304);
});

test('assets never change, and an unknown one is a problem', async () => {
  const path = await assetOf();
  const plain = await ask(path);
  assert.strictEqual(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
  const brotli = await ask(path, { 'accept-encoding': 'gzip, br' });
  assert.strictEqual(brotli.headers['content-encoding'], 'br');
  assert.ok(brotliDecompressSync(brotli.body).equals(plain.body));
  const gzip = await ask(path, { 'accept-encoding': 'gzip' });
  assert.ok(gunzipSync(gzip.body).equals(plain.body));
  const unknown = await ask('/console/assets/none.js');
  assert.deepStrictEqual([unknown.status, unknown.headers['content-type']], [404, 'application/problem+json']);
});

test('the console is only read', async () => {
  const { status, headers } = await ask('/console/', {}, 'POST');
  assert.deepStrictEqual([status, headers.allow], [405, 'GET, HEAD, OPTIONS']);
});
