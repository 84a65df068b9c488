// Clients generated from the documents with their generators' default options, compiled strictly, and used.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

const modules = process.env.CLIENT_MODULES;
const here = import.meta.dirname;
const { startServer } = createRequire(import.meta.url)('../interop/server.js');

let folder;
let server;

function run(script, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(modules, script), ...args],
    { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
}

const printed = (version) => execFileSync(process.env.DATASTREAMD, ['openapi', '--version', version],
  { maxBuffer: 1 << 26 });

before(async () => {
  server = await startServer();
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'datastream-clients-'));
  fs.symlinkSync(modules, path.join(folder, 'node_modules'));
  for (const name of ['package.json', 'tsconfig.json', 'fetch.ts', 'swagger.ts'])
    fs.copyFileSync(path.join(here, name), path.join(folder, name));
  fs.writeFileSync(path.join(folder, 'openapi.json'), printed('3.1'));
  fs.writeFileSync(path.join(folder, 'doc.json'), printed('2.0'));
  run('openapi-typescript/bin/cli.js', 'openapi.json', '--read-write-markers', '-o', 'api.d.ts');
  run('swagger-typescript-api/dist/cli.mjs', 'generate', '-p', 'doc.json', '-o', '.', '-n', 'Api.ts');
});

after(async () => {
  fs.rmSync(folder, { recursive: true });
  await server.stop();
});

test('the generated clients compile strictly', () => {
  run('typescript/bin/tsc', '-p', '.');
});

for (const name of ['fetch', 'swagger'])
  test(`a round trip by ${name}`, () => {
    const out = execFileSync(process.execPath, [path.join(folder, 'out', `${name}.js`)], {
      cwd: folder, encoding: 'utf8',
      env: { ...process.env, BASE: `http://${server.address}`, TOKEN: server.token },
    });
    assert.equal(out, 'done\n');
  });

test('generated names read well', () => {
  const text = fs.readFileSync(path.join(folder, 'Api.ts'), 'utf8');
  for (const name of ['createDevice: (', 'interface DeviceCreate {', 'interface DevicePage {',
    'DeviceStatusEnabled = "ENABLED"'])
    assert.ok(text.includes(name), name);
  assert.doesNotMatch(text, /UNSPECIFIED|Service_|interface \w+[._]/);
});
