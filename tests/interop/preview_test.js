// API Preview: what it prints is run by the real shell and curl, and read by a grammar of PowerShell.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Language, Parser } = require('web-tree-sitter');

const { startServer } = require('./server.js');

let server;
let base;
let powershell;

before(async () => {
  server = await startServer();
  base = `http://${server.address}/api/v1`;
  await Parser.init();
  powershell = new Parser();
  powershell.setLanguage(await Language.load(
    require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')));
});

after(() => server.stop());

async function call(method, where, body, token = server.token) {
  const answer = await fetch(base + where, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

async function preview(kind, body) {
  const answer = await call('POST', '/api-preview', { kind, body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

// Runs the command as printed, from a script, and gives the object that it created.
function runBash(command) {
  const out = execFileSync('bash', ['-s'], {
    input: command,
    env: { PATH: process.env.PATH, BASE_URL: base, API_TOKEN: server.token },
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: 1 << 24,
  });
  return JSON.parse(out);
}

// The body in the here-string, and that the grammar reads the whole command.
function readPowerShell(command) {
  const tree = powershell.parse(command);
  assert.equal(tree.rootNode.hasError, false, tree.rootNode.toString());
  const found = tree.rootNode.descendantsOfType('verbatim_here_string_characters');
  assert.equal(found.length, 1);
  assert.match(command, /^[\x20-\x7e\n]*$/);
  const text = found[0].text;
  assert.ok(text.startsWith("@'\n") && text.endsWith("\n'@"));
  return text.slice(3, -3);
}

// The fields that a problem names.
const fieldsOf = (problem) => problem.details
  .flatMap((detail) => detail.fieldViolations ?? []).map((violation) => violation.field);

function settled(object) {
  const { id, etag, createTime, updateTime, apiKey, maskedApiKey,
    enrollmentToken, maskedEnrollmentToken, ...rest } = object;
  return rest;
}

// Creates the object by each shell and by JSON itself; all three must be the same.
async function assertRunsAsPrinted(kind, body) {
  const shown = await preview(kind, body);
  const remove = async (object) => {
    assert.equal((await call('DELETE', `${shown.path}/${object.id}`)).status, 200);
    return settled(object);
  };
  const plain = await call('POST', shown.path, body);
  assert.equal(plain.status, 201, JSON.stringify(plain.body));
  const wanted = await remove(plain.body);
  assert.deepEqual(await remove(runBash(shown.bash)), wanted);
  const sent = await call('POST', shown.path, readPowerShell(shown.powershell));
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  assert.deepEqual(await remove(sent.body), wanted);
  return shown;
}

const golden = (name) => fs.readFileSync(path.join(__dirname, 'preview', name), 'utf8');

test('a device with a name alone is previewed byte for byte', async () => {
  const shown = await preview('devices', { name: 'my-device' });
  assert.equal(shown.method, 'POST');
  assert.equal(shown.path, '/devices');
  assert.equal(`${shown.bash}\n`, golden('device.bash'));
  assert.equal(`${shown.powershell}\n`, golden('device.ps1'));
  assert.deepEqual(shown.secrets ?? [], []);
});

const hostile = ["it's", '"', '$HOME ${x} $(id)', '`id`', "\n'@\n", '%PATH%', '\u2028\u2029', '\u{1f680}',
  '\u05d0\u202e', '\\', '\\n', '!!', '\r\n', '\t', '\u0001\u007f', '\nEOF\n', '</script>', '\u2018\u2019', '@file', '--', ''];

test('values that shells could misread arrive as they were given', async () => {
  await assertRunsAsPrinted('devices', {
    name: 'hostile', generic: { type: 'KAFKA', settings: { list: hostile, joined: hostile.join(''), empty: {}, none: [], nothing: null,
      numbers: [0, -1, 1.5, 1e100], flags: [true, false] } } });
  await assertRunsAsPrinted('devices', {
    name: 'hostile',
    generic: { type: 'KAFKA', settings: Object.fromEntries(hostile.map((value, i) => [i + value, value])) } });
});

test('a body beyond what an argument may have comes by here-document', async () => {
  const filler = `processors: []\n# it's \u{1f680}\n# ${'x'.repeat(1000)}`;
  const small = await assertRunsAsPrinted('pipelines', { name: 'small', content: filler });
  assert.match(small.bash, / -d '\{/);
  const large = await assertRunsAsPrinted('pipelines', { name: 'large', content: filler + 'y'.repeat(250 * 1024) });
  assert.match(large.bash, / --data-binary @- <<'EOF'\n/);
  const wide = await assertRunsAsPrinted('pipelines', { name: 'wide', content: filler + '\u{1f680}'.repeat(60000) });
  assert.match(wide.bash, / --data-binary @- <<'EOF'\n/);
});

const kinds = {
  directors: {}, devices: {}, clusters: { type: 'MANAGED' }, targets: {}, datasets: { type: 'WINDOWS' },
  pipelines: { content: 'processors: []' }, 'advanced-routes': {}, 'vault-secrets': {}, 'vault-providers': {},
};

test('each kind has a preview that runs', async () => {
  for (const [kind, body] of Object.entries(kinds)) {
    const { path: where, method } = await assertRunsAsPrinted(kind, { name: 'previewed', ...body });
    assert.equal(method, 'POST');
    assert.equal(where, `/${kind.replace(/^vault-/, 'vault/')}`);
  }
  const director = (await call('POST', '/directors', { name: 'for-template' })).body;
  await assertRunsAsPrinted('agent-enrollment-templates',
    { name: 'previewed', directorId: director.id, platform: 'LINUX' });
  const dataset = (await call('POST', '/datasets', { name: 'for-profile', type: 'WINDOWS' })).body;
  await assertRunsAsPrinted('profiles', { name: 'previewed', type: 'WINDOWS', datasetIds: [dataset.id] });
});

test('secrets are not printed, and their placeholder is refused by field', async () => {
  const value = 'correct horse battery staple';
  const shown = await preview('vault-secrets', { name: 'hidden', value });
  assert.deepEqual(shown.secrets, ['value']);
  assert.ok(!JSON.stringify(shown).includes(value));
  assert.match(shown.bash, /"value": "REPLACE_ME"/);
  assert.match(shown.powershell, /"value": "REPLACE_ME"/);
  const refused = runBash(shown.bash);
  assert.equal(refused.status, 400);
  assert.deepEqual(fieldsOf(refused), ['value']);
  const map = await preview('devices',
    { name: 'hidden', generic: { type: 'KAFKA', secretSettings: { password: value, quoted: '$env{PASSWORD}' } } });
  assert.deepEqual(map.secrets, ['generic.secretSettings["password"]']);
  assert.match(map.bash, /"quoted": "\\u0024env\{PASSWORD\}"/);
  assert.deepEqual(fieldsOf(runBash(map.bash)),
    ['generic.secretSettings["password"]']);
});

test('an unknown kind, field or type is refused by its path', async () => {
  const refused = async (body, field) => {
    const answer = await call('POST', '/api-preview', body);
    assert.equal(answer.status, 400);
    assert.deepEqual(fieldsOf(answer.body), [field]);
  };
  await refused({ kind: 'gadgets', body: {} }, 'kind');
  await refused({ body: {} }, 'kind');
  await refused({ kind: 'devices', body: { nmae: 'x' } }, 'body.nmae');
  await refused({ kind: 'devices', body: { name: 7 } }, 'body.name');
  await refused({ kind: 'devices', body: { tcp: { prot: 1 } } }, 'body.tcp.prot');
});

test('a caller who may not create the kind gets no preview of it', async () => {
  const roles = (await call('GET', '/roles')).body.roles;
  const role = await call('POST', '/roles', { name: 'Previewer', permissions: ['devices.create'] });
  assert.equal(role.status, 201, JSON.stringify([role.body, roles]));
  const token = (await call('POST', '/api-tokens', { name: 'previewer', roleId: role.body.id })).body;
  const secret = token.value ?? token.token ?? token.apiToken;
  assert.equal((await call('POST', '/api-preview', { kind: 'devices', body: {} }, secret)).status, 200);
  const answer = await call('POST', '/api-preview', { kind: 'directors', body: {} }, secret);
  assert.equal(answer.status, 403);
  assert.match(answer.body.detail, /directors\.create/);
});

test('a preview leaves nothing behind', async () => {
  await call('POST', '/api-preview', { kind: 'devices', body: { name: 'never-created-by-preview' } });
  assert.ok(!JSON.stringify((await call('GET', '/devices')).body).includes('never-created-by-preview'));
  assert.ok(!JSON.stringify((await call('GET', '/audit-logs?pageSize=1000')).body)
    .includes('never-created-by-preview'));
});
