// The part of an OpenAPI 3.1 document that the console reads, as docs/openapi.json uses it: components by name, `$ref`
// alone, no schema combinators. Marks of a property that is a `$ref` stand in `x-fields` of the enclosing schema.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export interface Marks {
  description?: string;
  default?: Json;
  'x-order'?: number;
  'x-secret'?: boolean;
  'x-immutable'?: boolean;
  'x-shown-once'?: boolean;
}

export interface Schema extends Marks {
  $ref?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  format?: string;
  properties?: { [name: string]: Schema };
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  uniqueItems?: boolean;
  'x-fields'?: { [name: string]: Marks };
  'x-oneof'?: string[][];
  'x-reference'?: string;
  'x-yaml'?: boolean;
  'x-enum-descriptions'?: string[];
}

export interface Parameter {
  name: string;
  in: string;
  description?: string;
  schema?: Schema;
}

interface Content {
  content?: { 'application/json'?: { schema?: Schema } };
}

export interface OperationObject {
  operationId: string;
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: Content;
  responses?: { [status: string]: Content };
  'x-required-permission'?: string;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface Document {
  paths: { [path: string]: { [method in Method]?: OperationObject } };
  components: { schemas: { [name: string]: Schema } };
}

const PREFIX = '#/components/schemas/';

/** The component's name that the schema refers to. */
export function referredName(schema: Schema | undefined): string | undefined {
  return schema?.$ref?.startsWith(PREFIX) ? schema.$ref.slice(PREFIX.length) : undefined;
}

/** The schema itself, or the component that it refers to; an unknown component is an empty schema. */
export function resolve(document: Document, schema: Schema): Schema {
  const name = referredName(schema);
  return name === undefined ? schema : (document.components.schemas[name] ?? {});
}

/** The component that a request to the operation carries. */
export function requestSchema(operation: OperationObject): string | undefined {
  return referredName(operation.requestBody?.content?.['application/json']?.schema);
}

/** The component that the operation answers with when it succeeds. */
export function answerSchema(operation: OperationObject): string | undefined {
  const status = Object.keys(operation.responses ?? {}).find((code) => code.startsWith('2'));
  return status === undefined ? undefined
    : referredName(operation.responses?.[status]?.content?.['application/json']?.schema);
}
