// The table of what was done and what was refused: an object's activity, and the audit log.
import type { ReactNode } from 'react';
import { Actor } from './actor';
import { TableFrame } from './table';
import { Time } from './time';

export interface LogLine {
  time?: string | undefined;
  actor?: string | undefined;
  // The actor's name where the line has it.
  actorName?: string | undefined;
  sourceIp?: string | undefined;
  action?: string | undefined;
  description?: string | undefined;
  outcome?: string | undefined;
  requestId?: string | undefined;
  count?: number | undefined;
}

const COLUMNS = ['Time', 'Actor', 'Source IP', 'Action', 'Description', 'Outcome'];

// `label` names the table; `lines` is undefined while they are loaded.
export function LogTable({ label, lines, more }: { label: string; lines: readonly LogLine[] | undefined; more?: ReactNode }) {
  return (
    <>
      <TableFrame>
        <table className="table" aria-label={label} aria-busy={lines === undefined}>
          <thead><tr>{COLUMNS.map((title) => <th key={title} scope="col">{title}</th>)}</tr></thead>
          <tbody>
            {lines?.map((line, row) => (
              <tr key={`${line.requestId}-${row}`}>
                <td className="fixed" data-label="Time"><Time value={line.time ?? ''} /></td>
                <td className="text" data-label="Actor">
                  {line.actorName ? <bdi title={line.actor}>{line.actorName}</bdi> : <Actor value={line.actor} />}
                </td>
                <td className="mono fixed" data-label="Source IP">{line.sourceIp}</td>
                <td className="mono fixed" data-label="Action">{line.action}</td>
                <td className="prose" data-label="Description">
                  <bdi>{line.description}</bdi>{(line.count ?? 1) > 1 && ` (${line.count} times)`}
                </td>
                <td className="fixed" data-label="Outcome">
                  <span className={`pill ${line.outcome === 'OK' ? 'success' : 'danger'}`}>{line.outcome}</span>
                </td>
              </tr>
            ))}
            {!lines && <tr>{COLUMNS.map((title) => <td key={title} data-label={title}><span className="skeleton" /></td>)}</tr>}
          </tbody>
        </table>
      </TableFrame>
      {more}
    </>
  );
}

// Asks for the page after; nothing where there is none.
export function More({ query }: { query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  if (!query.hasNextPage) return null;
  return (
    <div className="more">
      <button type="button" className="button compact" disabled={query.isFetchingNextPage}
        onClick={() => void query.fetchNextPage()}>Show more</button>
    </div>
  );
}
