// A round trip by openapi-typescript and openapi-fetch. The address and the token come by the environment.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

const client = createClient<paths>({
  baseUrl: process.env['BASE'] ?? '',
  headers: { Authorization: `Bearer ${process.env['TOKEN']}` },
});

const devices: components['schemas']['Device'][] = [];
for (let i = 0; i < 5; i++) {
  const { data, response } = await client.POST('/api/v1/devices', { body: { name: `fetch-${i}`, status: 'DISABLED' } });
  assert.equal(response.status, 201);
  assert.ok(data);
  devices.push(data);
}
const typed = {
  name: 'fetch-typed',
  // @ts-expect-error: what only the server sets is no property of a creation.
  id: 'x',
} satisfies components['schemas']['DeviceCreate'];
assert.equal((await client.POST('/api/v1/devices',
  { body: { name: typed.name }, params: { query: { validateOnly: true } } })).response.status, 201);

const names: string[] = [];
let pages = 0;
for (let pageToken: string | undefined; pages === 0 || pageToken; pages++) {
  const { data } = await client.GET('/api/v1/devices', { params: { query: { pageSize: 2, ...(pageToken ? { pageToken } : {}) } } });
  assert.ok(data);
  names.push(...data.devices.map((device) => device.name));
  pageToken = data.nextPageToken;
}
assert.deepEqual(names, devices.map((device) => device.name));
assert.equal(pages, 3);

const first = devices[0];
assert.ok(first);
const at = { path: { id: first.id } };
const patched = await client.PATCH('/api/v1/devices/{id}', {
  params: { ...at, header: { 'If-Match': `"${first.etag}"` } }, body: { description: 'changed' } });
assert.equal(patched.data?.description, 'changed');
const stale = await client.PATCH('/api/v1/devices/{id}', {
  params: { ...at, header: { 'If-Match': `"${first.etag}"` } }, body: { description: 'again' } });
assert.equal(stale.response.status, 412);
const wrong = await client.POST('/api/v1/devices', { body: { name: 'x' } });
assert.equal(wrong.response.status, 400);
assert.ok(wrong.error?.details.some((detail) => Array.isArray(detail['fieldViolations'])));
const enabled = await client.POST('/api/v1/devices/{id}:enable', { params: at, body: {} });
assert.equal(enabled.data?.status, 'ENABLED');
for (const device of devices) {
  const { response } = await client.DELETE('/api/v1/devices/{id}', { params: { path: { id: device.id } } });
  assert.equal(response.status, 200);
}
console.log('done');
