// What stock clients never send: gRPC spoken over Node's bare HTTP/2, frame by frame.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http2 = require('node:http2');
const { after, before, test } = require('node:test');
const zlib = require('node:zlib');

const definition = require('./protos.js');
const { startServer } = require('./server.js');

const listMethod = definition['datastream.v1.DirectorService'].ListDirectors;
const LIST = listMethod.path;

let server;
let session;

before(async () => {
  server = await startServer();
  session = http2.connect(`http://${server.address}`);
});

after(async () => {
  await new Promise((resolve) => session.close(resolve));
  await server.stop();
});

function frame(message, flag = 0) {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

// Sends the pieces, then END_STREAM unless `open`; resolves when the stream has ended.
function exchange(pieces, { headers = {}, path = LIST, open = false, on = session } = {}) {
  const stream = on.request({
    ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers',
    authorization: `Bearer ${server.token}`, ...headers }, { endStream: false });
  const got = { body: Buffer.alloc(0), trailers: {} };
  stream.on('response', (received, flags) => {
    got.head = received;
    got.trailersOnly = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  });
  stream.on('data', (bytes) => { got.body = Buffer.concat([got.body, bytes]); });
  stream.on('trailers', (trailers) => { got.trailers = trailers; });
  stream.on('error', () => {}); // writing after the server's end
  for (const piece of pieces) stream.write(piece);
  if (!open) stream.end();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no end within 20 s')), 20000);
    stream.on('close', () => {
      clearTimeout(timer);
      resolve({ ...got, code: stream.rstCode });
    });
  });
}

async function refused(status, ...args) {
  const got = await exchange(...args);
  assert.equal(got.head[':status'], 200);
  assert.equal(got.head['content-type'], 'application/grpc');
  assert.equal(got.head['grpc-status'], String(status), got.head['grpc-message']);
  assert.equal(got.trailersOnly, true);
  assert.equal(got.body.length, 0);
  assert.equal(got.code, http2.constants.NGHTTP2_NO_ERROR);
  return got;
}

async function answered(...args) {
  const got = await exchange(...args);
  assert.equal(got.head[':status'], 200, JSON.stringify(got.head));
  assert.equal(got.head['grpc-status'], undefined, got.head['grpc-message']);
  assert.equal(got.trailers['grpc-status'], '0');
  assert.equal(got.body.readUInt32BE(1), got.body.length - 5);
  return got;
}

const empty = Buffer.alloc(0);
const paged = listMethod.requestSerialize({ pageSize: 7 });

test('an answer has a head, one message and trailers', async () => {
  const got = await answered([frame(paged)]);
  assert.equal(got.head['content-type'], 'application/grpc');
  assert.ok(got.head['x-request-id']);
  assert.equal(got.head['grpc-encoding'], undefined);
  listMethod.responseDeserialize(got.body.subarray(5));
});

test('a message may be cut anywhere', async () => {
  const whole = frame(paged);
  for (let cut = 1; cut < whole.length; cut++)
    await answered([whole.subarray(0, cut), whole.subarray(cut)]);
  await answered(Array.from(whole, (byte) => Buffer.from([byte])));
});

test('a head beyond the limit is answered in trailers', async () => {
  await refused(8, [frame(paged)], { headers: { 'x-large': 'x'.repeat(20000) } });
});

test('a head may end the request, and trailers too', async () => {
  const headers = { ':method': 'POST', ':path': LIST, 'content-type': 'application/grpc',
    authorization: `Bearer ${server.token}` };
  const bare = session.request(headers, { endStream: true });
  const [head] = await once(bare, 'response');
  assert.equal(head['grpc-status'], '12');

  const trailed = session.request(headers, { endStream: false, waitForTrailers: true });
  trailed.on('wantTrailers', () => trailed.sendTrailers({ 'grpc-status': '5', 'x-more': 'ignored' }));
  trailed.end(frame(paged));
  trailed.resume();
  const [trailers] = await once(trailed, 'trailers');
  assert.equal(trailers['grpc-status'], '0');
});

test('padding changes nothing', async () => {
  const padded = http2.connect(`http://${server.address}`,
    { paddingStrategy: http2.constants.PADDING_STRATEGY_MAX });
  const whole = frame(paged);
  for (let cut = 1; cut < whole.length; cut++)
    await answered([whole.subarray(0, cut), whole.subarray(cut)], { on: padded });
  await new Promise((resolve) => padded.close(resolve));
});

test('te may be missing', async () => {
  await answered([frame(paged)], { headers: { te: undefined } });
});

test('content types with a suffix or parameters', async () => {
  for (const type of ['application/grpc+proto', 'APPLICATION/grpc;x=y'])
    await answered([frame(paged)], { headers: { 'content-type': type } });
});

test('none and two messages are unimplemented', async () => {
  await refused(12, []);
  await refused(12, [frame(empty), frame(empty)]);
  await refused(12, [Buffer.concat([frame(paged), frame(paged)])]);
});

test('a stream that ends within a message is internal', async () => {
  await refused(13, [frame(paged).subarray(0, 3)]);
  await refused(13, [frame(Buffer.alloc(10)).subarray(0, 9)]);
});

test('flags other than 0 and 1 are internal', async () => {
  await refused(13, [frame(paged, 2)]);
  await refused(13, [frame(paged, 128)]);
});

test('a compressed message needs an encoding', async () => {
  const packed = frame(zlib.gzipSync(paged), 1);
  await refused(13, [packed]);
  await refused(13, [packed], { headers: { 'grpc-encoding': 'identity' } });
  await answered([packed], { headers: { 'grpc-encoding': 'gzip' } });
  await answered([frame(zlib.deflateSync(paged), 1)], { headers: { 'grpc-encoding': 'deflate' } });
  await answered([frame(paged)], { headers: { 'grpc-encoding': 'gzip' } });
});

test('bad compressed data is internal', async () => {
  const packed = zlib.gzipSync(paged);
  const headers = { 'grpc-encoding': 'gzip' };
  await refused(13, [frame(packed.subarray(0, 15), 1)], { headers });
  await refused(13, [frame(Buffer.concat([packed, Buffer.from('x')]), 1)], { headers });
  await refused(13, [frame(paged, 1)], { headers });
});

test('an unsupported encoding is told what is taken', async () => {
  const got = await refused(12, [frame(paged)], { headers: { 'grpc-encoding': 'snappy' } });
  assert.equal(got.head['grpc-accept-encoding'], 'identity,gzip,deflate');
});

test('a size is judged by the prefix, while the client still sends', async () => {
  await refused(8, [Buffer.from([0, 0xff, 0xff, 0xff, 0xff])], { open: true });
});

test('a bomb is stopped while it unfolds', async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(64 << 20));
  await refused(8, [frame(bomb, 1)], { headers: { 'grpc-encoding': 'gzip' } });
});

test('the caller is refused before the body is sent', async () => {
  await refused(16, [], { headers: { authorization: 'Bearer dsa_wrong' }, open: true });
});

test('timeouts', async () => {
  const given = (timeout) => ({ headers: { 'grpc-timeout': timeout } });
  await refused(4, [frame(paged)], given('0m'));
  await refused(13, [frame(paged)], given('soon'));
  await refused(13, [frame(paged)], given('123456789S'));
  await answered([frame(paged)], given('99999999H'));
});

test('a deadline ends a call whose body never comes', async () => {
  const started = Date.now();
  await refused(4, [frame(paged).subarray(0, 2)],
    { headers: { 'grpc-timeout': '200m' }, open: true });
  assert.ok(Date.now() - started >= 190);
});

test('binary metadata must be base64', async () => {
  await refused(13, [frame(paged)], { headers: { 'trace-bin': 'A' } });
  await answered([frame(paged)], { headers: { 'trace-bin': 'AA==,AAEC' } });
});

// Groups, since no message of the API holds itself: any message may carry them as unknown fields.
test('deep nesting is refused and nobody falls over', async () => {
  const nested = (depth) => frame(Buffer.concat([Buffer.alloc(depth, 0x7b), Buffer.alloc(depth, 0x7c)]));
  await answered([nested(99)]);
  for (const depth of [100, 5000, 1 << 20]) {
    const got = await refused(13, [nested(depth)]);
    assert.match(got.head['grpc-message'], /nested deeper than 100 levels/);
  }
});

test('other methods and content types are plain HTTP', async () => {
  const wrongMethod = await exchange([], { headers: { ':method': 'PUT' } });
  assert.equal(wrongMethod.head[':status'], 405);
  assert.equal(wrongMethod.head.allow, 'POST');
  for (const type of ['application/json', 'application/grpc+json', 'application/grpc-web', undefined]) {
    const wrongType = await exchange([frame(paged)], { headers: { 'content-type': type } });
    assert.equal(wrongType.head[':status'], 415, type);
    assert.equal(wrongType.head['grpc-status'], undefined);
  }
});

test('any other path is unimplemented', async () => {
  for (const path of [`${LIST}?a=b`, `${LIST}?`, `${LIST}/`, LIST.toLowerCase(), '/', '/api/v1/devices'])
    await refused(12, [frame(paged)], { path });
});

test('a message that repeats what is no UTF-8 is UTF-8', async () => {
  const got = await refused(12, [frame(paged)], { headers: { 'grpc-encoding': 'sn\xe9ppy' } });
  assert.equal(decodeURIComponent(got.head['grpc-message']), 'The encoding sn?ppy is not supported.');
});

test('a client may reset a call and go on', async () => {
  for (let i = 0; i < 20; i++) {
    const stream = session.request({ ':method': 'POST', ':path': LIST,
      'content-type': 'application/grpc', authorization: `Bearer ${server.token}` });
    stream.on('error', () => {});
    stream.write(frame(paged).subarray(0, 4));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await new Promise((resolve) => stream.on('close', resolve));
  }
  await answered([frame(paged)]);
});
