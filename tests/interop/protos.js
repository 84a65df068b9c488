// The contract as proto-loader reads it from the files themselves.
'use strict';

const path = require('node:path');

const protoLoader = require('@grpc/proto-loader');

const folder = path.join(__dirname, '..', '..', 'proto');

module.exports = protoLoader.loadSync([
  'datastream/v1/api_token.proto', 'datastream/v1/director.proto', 'datastream/v1/role.proto',
  'google/rpc/error_details.proto', 'google/rpc/status.proto', 'grpc/health/v1/health.proto',
], { includeDirs: [folder, '/usr/include'], longs: String, enums: String, defaults: true });
