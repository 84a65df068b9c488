// The API's document in all renderings, before two linters: no error and no warning.
import assert from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

const run = (script, ...args) => spawnSync(process.execPath, [join(modules, script), ...args],
  { encoding: 'utf8', cwd: folder, env: { ...process.env, REDOCLY_TELEMETRY: 'off', NO_COLOR: '1' } });

test('redocly finds nothing', () => {
  const result = run('@redocly/cli/bin/cli.js', 'lint', '--config', join(here, 'redocly.yaml'), ...documents);
  const text = result.stdout + result.stderr;
  assert.strictEqual(result.status, 0, text);
  assert.ok(!/\bwarning/i.test(text), text);
});

test('spectral finds nothing', () => {
  const result = run('@stoplight/spectral-cli/dist/index.js', 'lint', '--fail-severity', 'hint', '-r',
    join(here, 'spectral.yaml'), ...documents);
  assert.strictEqual(result.status, 0, result.stdout + result.stderr);
});
