// Loaded before spectral, which copies a schema for each of its examples and has each copy compiled: two thirds of its work.
// Here ajv compiles equal schemas once; a validator depends on nothing but its schema and the instance that compiled it.
'use strict';

const { join } = require('node:path');

const { default: Ajv } = require(join(process.env.BROWSER_MODULES, 'ajv', 'dist', 'core.js'));
const { compile } = Ajv.prototype;
const compiled = new WeakMap();

Ajv.prototype.compile = function compileOnce(schema, ...rest) {
  if (!compiled.has(this)) compiled.set(this, new Map());
  const known = compiled.get(this);
  const text = JSON.stringify([schema, ...rest]);
  if (!known.has(text)) known.set(text, compile.call(this, schema, ...rest));
  return known.get(text);
};
