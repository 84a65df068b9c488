// The messages of the contract that pages name; the compiler reads them from the server's own document.
import type { components } from './schema';

type Readable<T> = { [K in keyof T]: T[K] extends { $read?: infer R } ? R : T[K] };

export type Schemas = components['schemas'];
export type ActivityLog = Readable<Schemas['ActivityLog']>;
export type ApiToken = Readable<Schemas['ApiToken']>;
export type AuditLog = Readable<Schemas['AuditLog']>;
export type AuditLogPage = Readable<Schemas['AuditLogPage']>;
export type Organization = Readable<Schemas['Organization']>;
export type Role = Readable<Schemas['Role']>;
export type Session = Readable<Schemas['Session']>;
export type User = Readable<Schemas['User']>;
