// The API's document in all renderings, before two linters: no error and no warning.
import assert from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

const here = import.meta.dirname;
const modules = process.env.BROWSER_MODULES;
const folder = mkdtempSync(join(tmpdir(), 'datastream-lint-'));
const documents = ['3.1', '3.0', '2.0'].map((version) => {
  const file = join(folder, `openapi-${version}.json`);
  writeFileSync(file, execFileSync(process.env.DATASTREAMD, ['openapi', '--version', version], { maxBuffer: 1 << 26 }));
  return file;
});
process.on('exit', () => rmSync(folder, { recursive: true }));

const run = (flags, script, ...args) => spawnSync(process.execPath, [...flags, join(modules, script), ...args],
  { encoding: 'utf8', cwd: folder, env: { ...process.env, REDOCLY_TELEMETRY: 'off', NO_COLOR: '1' } });

test('redocly finds nothing', () => {
  const result = run([], '@redocly/cli/bin/cli.js', 'lint', '--config', join(here, 'redocly.yaml'), ...documents);
  const text = result.stdout + result.stderr;
  assert.strictEqual(result.status, 0, text);
  assert.ok(!/\bwarning/i.test(text), text);
});

const spectral = (...files) => run(['--require', join(here, 'compile_once.cjs')], '@stoplight/spectral-cli/dist/index.js',
  'lint', '--fail-severity', 'hint', '-r', join(here, 'spectral.yaml'), ...files);

test('spectral finds nothing', () => {
  const result = spectral(...documents);
  assert.strictEqual(result.status, 0, result.stdout + result.stderr);
});

test('spectral judges every example, although equal schemas are compiled once', () => {
  const document = JSON.parse(readFileSync(documents[0], 'utf8'));
  const example = (value) => ({ type: 'object', properties: { count: { type: 'integer' } }, example: { count: value } });
  document.components.schemas = { First: example(1), Second: example('two'), Third: example(3), Fourth: example('four') };
  const file = join(folder, 'examples.json');
  writeFileSync(file, JSON.stringify({ ...document, tags: [], paths: {} }));
  const result = spectral(file);
  const found = result.stdout.match(/components\.schemas\.\w+\.example\.count/g);
  assert.deepStrictEqual(found?.map((path) => path.split('.')[2]), ['Second', 'Fourth'], result.stdout + result.stderr);
});
