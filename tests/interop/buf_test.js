// The contract under buf: its rules of style, and that no change breaks who has a client already.
'use strict';

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const proto = path.join(__dirname, '..', '..', 'proto');
const baseline = path.join(__dirname, 'baseline.binpb.gz');
const program = require.resolve('@bufbuild/buf/bin/buf');

function buf(...args) {
  const run = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { code: run.status, text: run.stdout + run.stderr };
}

test('the contract keeps the rules of buf', () => {
  assert.deepEqual(buf('lint', proto), { code: 0, text: '' });
});

test('nothing that the baseline has is gone or means something else', () => {
  assert.deepEqual(buf('breaking', proto, '--against', baseline), { code: 0, text: '' },
    'Where the change is wanted: scripts/contract-baseline, and a line in CHANGELOG.md.');
});

test('a field that changes its number is found', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'datastream-buf-'));
  fs.cpSync(proto, folder, { recursive: true, filter: (from) => !/\.[ch]$/.test(from) });
  const file = path.join(folder, 'datastream', 'v1', 'api_preview.proto');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('string kind = 1', 'string kind = 9'));
  const { code, text } = buf('breaking', folder, '--against', baseline);
  fs.rmSync(folder, { recursive: true });
  assert.equal(code, 100);
  assert.match(text, /"kind"/);
});
