// The filters of the audit log as they stand in the address.

export interface AuditSearch {
  actor?: string;
  kind?: string;
  object?: string;
  action?: string;
  outcome?: string;
  from?: string;
  to?: string;
}

export const NAMES = ['actor', 'kind', 'object', 'action', 'outcome', 'from', 'to'] as const;

export function readAuditSearch(raw: Record<string, unknown>): AuditSearch {
  const search: AuditSearch = {};
  for (const name of NAMES) if (raw[name] !== undefined && raw[name] !== '') search[name] = String(raw[name]);
  return search;
}
