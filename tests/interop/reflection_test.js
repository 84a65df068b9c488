// A stock client that knows no proto file: it lists, describes and calls by reflection alone.
'use strict';

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');

const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const { GrpcReflection } = require('grpc-js-reflection-client');
const { startServer } = require('./server.js');

let server;
let metadata;
const credentials = grpc.credentials.createInsecure();

before(async () => {
  server = await startServer();
  metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${server.token}`);
});

after(() => server.stop());

// The package of a symbol, out of what the client fetched. Its own getPackageObject writes custom
// options twice and then refuses them.
async function packageOf(client, symbol, name) {
  const root = (await client.getDescriptorBySymbol(symbol, metadata)).getProtobufJsRoot();
  const all = grpc.loadPackageDefinition(protoLoader.fromJSON(root.toJSON()));
  return name.split('.').reduce((at, part) => at[part], all);
}

for (const version of ['v1', 'v1alpha']) {
  test(`services are listed, described and called (${version})`, async () => {
    const client = new GrpcReflection(server.address, credentials, {}, version);
    const services = await client.listServices('*', metadata);
    assert(services.includes('datastream.v1.DirectorService'), services.join());
    assert(services.includes(`grpc.reflection.${version}.ServerReflection`), services.join());

    const { DirectorService } = await packageOf(client, 'datastream.v1.DirectorService', 'datastream.v1');
    assert.deepEqual(Object.keys(DirectorService.service).filter((name) => name.endsWith('Director')).sort(),
      ['CheckInDirector', 'CreateDirector', 'DeleteDirector', 'DisableDirector', 'EnableDirector', 'GetDirector', 'UpdateDirector']);
    const directors = new DirectorService(server.address, credentials);
    const made = await new Promise((resolve, reject) => {
      directors.createDirector({ director: { name: `Reflected ${version}` } }, metadata,
        { deadline: Date.now() + 20000 }, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    assert.equal(made.name, `Reflected ${version}`);
    directors.close();
  });
}

test('every service is described', async () => {
  const client = new GrpcReflection(server.address, credentials, {}, 'v1');
  for (const service of await client.listServices('*', metadata)) {
    const [, folder, name] = /^(.*)\.([^.]*)$/.exec(service);
    assert(Object.keys((await packageOf(client, service, folder))[name].service).length > 0, service);
  }
});

test('what is unknown is told', async () => {
  const client = new GrpcReflection(server.address, credentials, {}, 'v1');
  await assert.rejects(client.getDescriptorBySymbol('no.body', metadata), /Unknown symbol no\.body/);
  await assert.rejects(client.getDescriptorByFileName('no.proto', metadata), /Unknown file no\.proto/);
});
