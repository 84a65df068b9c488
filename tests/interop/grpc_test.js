// grpc-js against datastreamd.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');

const grpc = require('@grpc/grpc-js');
const definition = require('./protos.js');
const { startServer } = require('./server.js');

const v1 = grpc.loadPackageDefinition(definition).datastream.v1;
const health = grpc.loadPackageDefinition(definition).grpc.health.v1;

let server;
const clients = {};

before(async () => {
  server = await startServer();
  const credentials = grpc.credentials.createInsecure();
  for (const name of ['DirectorService', 'RoleService', 'ApiTokenService'])
    clients[name] = new v1[name](server.address, credentials);
  clients.Health = new health.Health(server.address, credentials);
  clients.gzip = new v1.DirectorService(server.address, credentials, {
    'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
  clients.deflate = new v1.DirectorService(server.address, credentials, {
    'grpc.default_compression_algorithm': grpc.compressionAlgorithms.deflate });
});

after(async () => {
  for (const client of Object.values(clients)) client.close();
  await server.stop();
});

// Resolves with the response and the initial metadata; rejects with grpc-js's error.
function call(client, method, request, { token = server.token, metadata = {}, ...options } = {}) {
  const sent = new grpc.Metadata();
  if (token !== null) sent.set('authorization', `Bearer ${token}`);
  for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
  return new Promise((resolve, reject) => {
    let initial;
    const running = clients[client][method](request, sent, { deadline: Date.now() + 20000, ...options },
      (error, response) => (error ? reject(error) : resolve({ response, initial })));
    running.on('metadata', (received) => { initial = received; });
  });
}

async function refused(code, ...args) {
  const error = await call(...args).then(() => assert.fail('it was answered'), (e) => e);
  assert.equal(error.code, code, error.message);
  return error;
}

// google.rpc.Status of an error, its details by name.
function detailsOf(error) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const status = definition['google.rpc.Status'].deserialize(bytes);
  const details = {};
  for (const any of status.details) {
    const name = (any.type_url).split('/')[1];
    details[name.split('.').at(-1)] = definition[name].deserialize(any.value);
  }
  return { status, details };
}

test('a resource is created, read, changed and deleted', async () => {
  const { response: made } = await call('DirectorService', 'createDirector',
    { director: { name: 'Round trip', labels: { site: 'Zürich' } } });
  assert.match(made.id, /^[0-9a-f-]{36}$/);
  const { response: read } = await call('DirectorService', 'getDirector', { id: made.id });
  assert.match(made.apiKey, /^dsd_[0-9A-Za-z]{49}$/); // shown once
  const withoutKey = ({ apiKey, _apiKey, ...others }) => others;
  assert.deepEqual(withoutKey(read), withoutKey(made));
  assert.equal(read.labels.site, 'Zürich');
  const { response: changed } = await call('DirectorService', 'updateDirector',
    { director: { id: made.id, description: 'changed' }, updateMask: { paths: ['description'] } });
  assert.equal(changed.description, 'changed');
  await call('DirectorService', 'deleteDirector', { id: made.id });
  await refused(grpc.status.NOT_FOUND, 'DirectorService', 'getDirector', { id: made.id });
});

test('the request id is given back', async () => {
  const { initial } = await call('DirectorService', 'listDirectors', {},
    { metadata: { 'x-request-id': 'interop-js' } });
  assert.deepEqual(initial.get('x-request-id'), ['interop-js']);
});

test('compressed requests are taken', async () => {
  for (const client of ['gzip', 'deflate']) {
    const { response: made } = await call(client, 'createDirector',
      { director: { name: `Compressed by ${client}`, description: 'z'.repeat(500) } });
    assert.equal(made.description.length, 500);
  }
});

test('compressed answers are unfolded', async () => {
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`label${i}`, 'x'.repeat(200)]));
  const { response: made } = await call('DirectorService', 'createDirector',
    { director: { name: 'Large answer', labels } });
  const { response: read } = await call('DirectorService', 'getDirector', { id: made.id });
  assert.deepEqual(read.labels, labels);
});

test('many calls at once on one channel', async () => {
  const { response: made } = await call('DirectorService', 'createDirector',
    { director: { name: 'Crowded' } });
  const answers = await Promise.all(Array.from({ length: 500 },
    () => call('DirectorService', 'getDirector', { id: made.id })));
  assert.ok(answers.every(({ response }) => response.name === 'Crowded'));
});

test('a caller without a valid token is refused', async () => {
  const wrong = await refused(grpc.status.UNAUTHENTICATED, 'DirectorService', 'listDirectors', {},
    { token: 'dsa_wrong' });
  const none = await refused(grpc.status.UNAUTHENTICATED, 'DirectorService', 'listDirectors', {},
    { token: null });
  assert.equal(wrong.details, none.details);
});

test('the permission that is missing is named', async () => {
  const { response: role } = await call('RoleService', 'createRole',
    { role: { name: 'Readers of devices', permissions: ['devices.read'] } });
  const { response: token } = await call('ApiTokenService', 'createApiToken',
    { apiToken: { name: 'Reader', roleId: role.id } });
  const error = await refused(grpc.status.PERMISSION_DENIED, 'DirectorService', 'createDirector',
    { director: { name: 'Never' } }, { token: token.token });
  const { status, details } = detailsOf(error);
  assert.equal(status.code, grpc.status.PERMISSION_DENIED);
  assert.equal(status.message, error.details);
  assert.ok(Object.values(details.ErrorInfo.metadata).includes('directors.create'));
});

test('all violations are listed', async () => {
  const error = await refused(grpc.status.INVALID_ARGUMENT, 'DirectorService', 'createDirector',
    { director: { name: 'x', description: 'd'.repeat(501), port: 70000 } });
  const { details } = detailsOf(error);
  assert.deepEqual(details.BadRequest.fieldViolations.map((v) => v.field).sort(),
    ['description', 'name', 'port']);
});

test('an unknown id is not found', async () => {
  const id = '01900000-0000-7000-8000-000000000000';
  const error = await refused(grpc.status.NOT_FOUND, 'DirectorService', 'getDirector', { id });
  assert.equal(detailsOf(error).details.ResourceInfo.resourceName, id);
});

test('a message that is too large is refused', async () => {
  const request = { director: { name: 'Large', description: 'x'.repeat(5 << 20) } };
  for (const client of ['DirectorService', 'gzip'])
    await refused(grpc.status.RESOURCE_EXHAUSTED, client, 'createDirector', request);
});

test('too much metadata is refused', async () => {
  await refused(grpc.status.RESOURCE_EXHAUSTED, 'DirectorService', 'listDirectors', {},
    { metadata: { filler: 'x'.repeat(9000) } });
  await call('DirectorService', 'listDirectors', {});
});

test('an unknown method is unimplemented', async () => {
  const identity = (bytes) => bytes;
  const error = await new Promise((resolve) => {
    clients.DirectorService.makeUnaryRequest('/datastream.v1.DirectorService/Nothing', identity,
      identity, Buffer.alloc(0), new grpc.Metadata(), { deadline: Date.now() + 20000 }, resolve);
  });
  assert.equal(error.code, grpc.status.UNIMPLEMENTED);
});

test('a passed deadline ends a call whose request never comes', async () => {
  const identity = (bytes) => bytes;
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${server.token}`);
  const error = await new Promise((resolve) => {
    clients.DirectorService.makeClientStreamRequest('/datastream.v1.DirectorService/ListDirectors',
      identity, identity, metadata, { deadline: Date.now() + 300 }, resolve);
  });
  assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
  await call('DirectorService', 'listDirectors', {});
});

test('health needs no token', async () => {
  const { response } = await call('Health', 'check', {}, { token: null });
  assert.equal(response.status, 'SERVING');
  await refused(grpc.status.NOT_FOUND, 'Health', 'check', { service: 'nobody' }, { token: null });
});
