// What was done to a token, and what it was refused; newest first.
import { useInfiniteQuery } from '@tanstack/react-query';
import { api, dataOf } from '../api/client';
import { Empty, Failure, Waiting } from '../ui/states';
import { Time } from '../ui/time';
import { Actor, type ActivityLog } from './parts';

const page = (id: string, pageToken: string) => dataOf(api.GET('/api/v1/api-tokens/{id}/activity-logs', {
  params: { path: { id }, query: { pageSize: 20, ...(pageToken && { pageToken }) } },
}));

export function ActivityLogs({ id }: { id: string }) {
  const query = useInfiniteQuery({
    queryKey: ['api-tokens', 'activity', id],
    queryFn: ({ pageParam }) => page(id, pageParam),
    initialPageParam: '',
    getNextPageParam: (last) => last?.nextPageToken || undefined,
  });
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Waiting />;
  const logs = query.data.pages.flatMap((one) => (one?.activityLogs ?? []) as ActivityLog[]);
  if (logs.length === 0) return <Empty title="No activity yet" />;
  return (
    <>
      <div className="table-scroll">
        <table className="table" aria-label="Activity logs">
          <thead>
            <tr>
              {['Time', 'Actor', 'Source IP', 'Action', 'Description', 'Outcome'].map((title) => (
                <th key={title} scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {logs.map((log, row) => (
              <tr key={`${log.requestId}-${row}`}>
                <td data-label="Time" className="fixed"><Time value={log.time ?? ''} /></td>
                <td data-label="Actor" className="fixed"><Actor value={log.actor} /></td>
                <td data-label="Source IP" className="mono fixed">{log.sourceIp}</td>
                <td data-label="Action" className="mono fixed">{log.action}</td>
                <td data-label="Description" className="prose"><bdi>{log.description}</bdi>{(log.count ?? 1) > 1 && ` (${log.count} times)`}</td>
                <td data-label="Outcome">
                  <span className={`pill ${log.outcome === 'OK' ? 'success' : 'danger'}`}>{log.outcome}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {query.hasNextPage && (
        <div className="more">
          <button type="button" className="button compact" disabled={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}>Show more</button>
        </div>
      )}
    </>
  );
}
