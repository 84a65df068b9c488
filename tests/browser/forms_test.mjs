// The console's forms as a model: kinds and fields from the document that the server publishes, bodies from drafts.
import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { bodyOf, draftOf, patchOf, withValue } from '../../rest/console/src/forms/draft.ts';
import { formOf, kindsOf } from '../../rest/console/src/forms/model.ts';
import { fieldProblem, formProblems, place } from '../../rest/console/src/forms/rules.ts';
import { lower, sentence, withArticle } from '../../rest/console/src/forms/words.ts';

const document = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8'));
const kinds = new Map(kindsOf(document).map((kind) => [kind.name, kind]));
const field = (schema, name) => formOf(document, schema).fields.find((each) => each.name === name);
const body = (schema, draft) => bodyOf(document, formOf(document, schema), draft);

test('every kind of resource is found, and those with pages of their own are not', () => {
  assert.deepStrictEqual([...kinds.keys()].sort(), ['advanced-routes', 'agent-enrollment-templates', 'clusters',
    'datasets', 'devices', 'directors', 'pipelines', 'profiles', 'targets', 'vault-providers', 'vault-secrets']);
});

test('a kind knows its paths, permissions, order, status and actions', () => {
  const kind = kinds.get('vault-secrets');
  assert.strictEqual(kind.path, '/api/v1/vault/secrets');
  assert.strictEqual(kind.title, 'Vault secrets');
  assert.strictEqual(kind.noun, 'vault secret');
  assert.strictEqual(kind.listKey, 'vaultSecrets');
  assert.deepStrictEqual(kind.sortable, ['name', 'createTime', 'updateTime']);
  const devices = kinds.get('devices');
  assert.strictEqual(devices.create.permission, 'devices.create');
  assert.strictEqual(devices.create.input, 'DeviceCreate');
  assert.deepStrictEqual(devices.actions.map(({ verb }) => verb).sort(), ['clone', 'disable', 'enable']);
  assert.deepStrictEqual(devices.statuses.map(({ value, label }) => [value, label]),
    [['ENABLED', 'Enabled'], ['DISABLED', 'Disabled']]);
  assert.ok(!kinds.get('directors').actions.some(({ verb }) => verb === 'checkIn'), 'the director alone checks in');
});

test('a new kind of the document appears by itself', () => {
  const copy = structuredClone(document);
  const as = (text) => JSON.parse(JSON.stringify(text).replaceAll('/devices', '/gadgets')
    .replaceAll('"devices"', '"gadgets"').replaceAll('DevicePage', 'GadgetPage'));
  for (const [path, item] of Object.entries(document.paths))
    if (path.startsWith('/api/v1/devices')) copy.paths[path.replace('devices', 'gadgets')] = as(item);
  copy.components.schemas.GadgetPage = as(document.components.schemas.DevicePage);
  const gadget = kindsOf(copy).find(({ name }) => name === 'gadgets');
  assert.strictEqual(gadget.listKey, 'gadgets');
  assert.strictEqual(gadget.create.path, '/api/v1/gadgets');
});

test('fields have the types, bounds and marks of the document', () => {
  const name = field('DeviceCreate', 'name');
  assert.deepStrictEqual([name.type, name.required, name.minLength, name.maxLength], ['text', true, 3, 128]);
  const port = field('SyslogDeviceCreate', 'port');
  assert.deepStrictEqual([port.type, port.minimum, port.maximum, port.default], ['number', 1, 65535, '514']);
  const directors = field('DeviceCreate', 'directorIds');
  assert.deepStrictEqual([directors.type, directors.label, directors.item.type, directors.item.kind],
    ['list', 'Directors', 'reference', 'directors']);
  assert.strictEqual(field('DeviceCreate', 'labels').type, 'map');
  assert.strictEqual(field('GenericDeviceCreate', 'settings').type, 'json');
  assert.strictEqual(field('GenericDeviceCreate', 'secretSettings').isSecret, true);
  assert.strictEqual(field('TlsCreate', 'privateKey').type, 'secret');
  assert.strictEqual(field('ClusterCreate', 'type').immutable, true);
  assert.strictEqual(field('AgentEnrollmentTemplateCreate', 'expireTime').type, 'time');
  assert.strictEqual(field('SyslogDeviceCreate', 'reuse').default, true);
  assert.deepStrictEqual([field('SyslogDeviceCreate', 'protocol').type, field('SyslogDeviceCreate', 'protocol').default],
    ['enum', 'UDP']);
  assert.strictEqual(field('DeviceCreate', 'syslog').oneof, 0);
  assert.strictEqual(field('DeviceCreate', 'syslog').schema, 'SyslogDeviceCreate');
});

test('a field that the document marks as YAML is edited as YAML', () => {
  const marked = { paths: {}, components: { schemas: { It: { type: 'object',
    properties: { content: { type: 'string', maxLength: 262144, 'x-yaml': true } } } } } };
  assert.strictEqual(formOf(marked, 'It').fields[0].type, 'yaml');
});

test('fields are in the order of the document, and every schema of every kind has a form', () => {
  const orders = formOf(document, 'DeviceCreate').fields.map(({ order }) => order);
  assert.deepStrictEqual(orders, [...orders].sort((one, other) => one - other));
  for (const kind of kinds.values())
    for (const schema of [kind.schema, kind.create.input, kind.update.input])
      assert.ok(formOf(document, schema).fields.length > 3, schema);
});

test('a body has what was typed and nothing else', () => {
  assert.deepStrictEqual(body('DeviceCreate', { name: 'my-device', description: '' }), { name: 'my-device' });
  assert.deepStrictEqual(body('DeviceCreate', {
    name: 'fw', labels: [['site', 'fra'], ['', '']], tags: ['a', 'b'], '?0': 'syslog',
    syslog: { port: '6514', reuse: false, tls: {} },
  }), { name: 'fw', labels: { site: 'fra' }, tags: ['a', 'b'], syslog: { port: 6514, reuse: false } });
  assert.deepStrictEqual(body('GenericDeviceCreate', { type: 'SYSLOG', settings: '{"a": [1]}' }),
    { type: 'SYSLOG', settings: { a: [1] } });
});

test('a choice keeps what was typed when switching back, and sends the chosen member alone', () => {
  let draft = { name: 'dev', '?0': 'syslog', syslog: { port: '6514' } };
  draft = withValue(draft, ['?0'], 'tcp');
  assert.deepStrictEqual(body('DeviceCreate', draft), { name: 'dev', tcp: {} });
  draft = withValue(draft, ['?0'], 'syslog');
  assert.deepStrictEqual(body('DeviceCreate', draft), { name: 'dev', syslog: { port: 6514 } });
  assert.deepStrictEqual(body('AdvancedRouteCreate', { name: 'abc', '?0': 'dropUnmatched' }),
    { name: 'abc', dropUnmatched: true });
});

test('values are replaced at paths through groups and lists', () => {
  const draft = { syslog: { forwarding: [{ address: 'a' }, { address: 'b' }] } };
  assert.deepStrictEqual(withValue(draft, ['syslog', 'forwarding', '1', 'address'], 'c'),
    { syslog: { forwarding: [{ address: 'a' }, { address: 'c' }] } });
  assert.deepStrictEqual(withValue({}, ['syslog', 'tls', 'status'], true), { syslog: { tls: { status: true } } });
});

test('an edit sends the paths that changed, and clears what was emptied', () => {
  const form = formOf(document, 'DevicePatch');
  const object = { id: '1', name: 'dev', description: 'old', etag: '3', labels: { a: 'b' }, tags: [], secretsSet: {},
    syslog: { port: 514, protocol: 'UDP', forwarding: [] } };
  const draft = draftOf(document, form, object);
  const before = bodyOf(document, form, draft);
  assert.deepStrictEqual(patchOf(document, form, before, before), { body: {}, mask: [] });
  let after = withValue(draft, ['description'], '');
  after = withValue(after, ['syslog', 'port'], '6514');
  assert.deepStrictEqual(patchOf(document, form, before, bodyOf(document, form, after)),
    { body: { syslog: { port: 6514 } }, mask: ['description', 'syslog.port'] });
  const other = withValue(draft, ['?0'], 'tcp');
  assert.deepStrictEqual(patchOf(document, form, before, bodyOf(document, form, other)),
    { body: { tcp: {} }, mask: ['tcp'] });
});

test('a secret is kept unless it is replaced or removed', () => {
  const form = formOf(document, 'TargetPatch');
  const object = { name: 'tgt', splunk: { endpoint: 'https://x.example' }, secretsSet: { 'splunk.token': 'then' } };
  const draft = draftOf(document, form, object);
  const before = bodyOf(document, form, draft);
  const change = (value) => patchOf(document, form, before,
    bodyOf(document, form, withValue(draft, ['splunk', 'token'], value)));
  assert.deepStrictEqual(change(undefined).mask, []);
  assert.deepStrictEqual(change('new'), { body: { splunk: { token: 'new' } }, mask: ['splunk.token'] });
  assert.deepStrictEqual(change(null), { body: { splunk: { token: '' } }, mask: ['splunk.token'] });
  assert.strictEqual(draftOf(document, formOf(document, 'VaultSecretPatch'),
    { name: 'abc', secretsSet: { value: 'then' } })['?0'], 'value');
});

for (const [schema, name, draft, wanted] of [
  ['DeviceCreate', 'name', '', 'is required'],
  ['DeviceCreate', 'name', 'ab', 'must have 3 to 128 characters'],
  ['DeviceCreate', 'name', '\u{1F600}'.repeat(129), 'must have 3 to 128 characters'],
  ['DeviceCreate', 'name', '\u{1F600}'.repeat(3), undefined],
  ['DeviceCreate', 'name', '<script>alert(1)</script>', undefined],
  ['DeviceCreate', 'name', 'a\u202Eb c', 'has characters that are not allowed here'],
  ['PipelineCreate', 'name', 'Upper', 'must have 3 to 128 characters of a-z0-9_-'],
  ['DeviceCreate', 'description', 'x'.repeat(501), 'must have at most 500 characters'],
  ['SyslogDeviceCreate', 'port', '0', 'must be from 1 to 65535'],
  ['SyslogDeviceCreate', 'port', '1.5', 'must be an integer'],
  ['SyslogDeviceCreate', 'port', '', undefined],
  ['ProfileCreate', 'datasetIds', [], 'is required'],
  ['DeviceCreate', 'labels', [['a', '1'], ['a', '2']], 'has the key "a" more than once'],
  ['DeviceCreate', 'labels', [['', '1']], 'must have a key for each value'],
  ['GenericDeviceCreate', 'settings', '[1]', 'must be a JSON object, such as {"name": "value"}'],
])
  test(`${schema}.${name} ${JSON.stringify(draft).slice(0, 40)}: ${wanted ?? 'no problem'}`, () => {
    assert.strictEqual(fieldProblem(field(schema, name), draft), wanted);
  });

test('a form is checked as far as it counts', () => {
  const form = formOf(document, 'DeviceCreate');
  const problems = formProblems(document, form,
    { name: 'dev', '?0': 'http', tcp: { port: '0' }, http: { authentication: { '?0': 'basic' } } }, new Set());
  assert.deepStrictEqual([...problems.keys()], ['http.port', 'http.authentication.basic.username',
    'http.authentication.basic.password']);
});

test('violations go to their fields, those within maps and lists to these, others to the summary', () => {
  const form = formOf(document, 'DeviceCreate');
  const draft = { name: 'dev', '?0': 'syslog', syslog: { forwarding: [{}] } };
  const placed = place(document, form, draft, [
    { path: 'name', text: 'is the name of another device' },
    { path: 'labels["a.b"]', text: 'the key must have 1 to 63 characters' },
    { path: 'syslog.forwarding[0].address', text: 'is required' },
    { path: 'tags[1]', text: 'must have 1 to 64 characters' },
    { path: 'tcp.port', text: 'is required' },
    { path: '', text: 'is wrong' },
  ]);
  assert.deepStrictEqual([...placed.atFields], [['name', 'is the name of another device'],
    ['labels', '["a.b"] the key must have 1 to 63 characters'], ['syslog.forwarding[0].address', 'is required'],
    ['tags', '[1] must have 1 to 64 characters']]);
  assert.deepStrictEqual(placed.others.map(({ path }) => path), ['tcp.port', '']);
});

test('names become words', () => {
  assert.strictEqual(sentence('maxMessageSize'), 'Max message size');
  assert.strictEqual(sentence('tlsCertName'), 'TLS cert name');
  assert.strictEqual(lower('AdvancedRoute'), 'advanced route');
  assert.strictEqual(withArticle('agent enrollment template'), 'an agent enrollment template');
});
