// The same by swagger-typescript-api, from the 2.0 document.
import assert from 'node:assert/strict';
import { Api, type Device, DeviceStatus, HttpResponse, type Problem } from './Api.js';

const { api } = new Api<string>({
  baseUrl: process.env['BASE'] ?? '',
  baseApiParams: { headers: { Authorization: `Bearer ${process.env['TOKEN']}` }, secure: true },
});

// It throws what is not a success.
async function problemOf(call: Promise<unknown>): Promise<HttpResponse<unknown, Problem>> {
  try {
    await call;
  } catch (problem) {
    return problem as HttpResponse<unknown, Problem>;
  }
  throw new Error('the call succeeded');
}

const devices: Device[] = [];
for (let i = 0; i < 5; i++) {
  const { data, status } = await api.createDevice({ name: `swagger-${i}`, status: DeviceStatus.DeviceStatusDisabled });
  assert.equal(status, 201);
  devices.push(data);
}

const names: string[] = [];
let pages = 0;
for (let pageToken: string | undefined; pages === 0 || pageToken; pages++) {
  const { data } = await api.listDevices(pageToken ? { pageSize: 2, pageToken } : { pageSize: 2 });
  names.push(...data.devices.map((device) => device.name));
  pageToken = data.nextPageToken;
}
assert.deepEqual(names, devices.map((device) => device.name));
assert.equal(pages, 3);

const first = devices[0];
assert.ok(first);
const ifMatch = { headers: { 'If-Match': `"${first.etag}"` } };
assert.equal((await api.updateDevice(first.id, { description: 'changed' }, {}, ifMatch)).data.description, 'changed');
assert.equal((await problemOf(api.updateDevice(first.id, { description: 'again' }, {}, ifMatch))).status, 412);
const wrong = await problemOf(api.createDevice({ name: 'x' }));
assert.equal(wrong.status, 400);
assert.ok(wrong.error.details.some((detail) => Array.isArray(detail['fieldViolations'])));
// The generator reads ":enable" as a parameter, as frameworks write them.
assert.equal((await api.enableDevice(first.id, ':enable', {})).data.status, DeviceStatus.DeviceStatusEnabled);
const lines: unknown = (await api.exportAuditLogs('export', {}, { format: 'text' })).data;
assert.ok(typeof lines === 'string' && lines.includes('swagger-0'));
for (const device of devices) assert.equal((await api.deleteDevice(device.id)).status, 200);
console.log('done');
