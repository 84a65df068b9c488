// What was done to a token, and what it was refused; newest first.
import { useInfiniteQuery } from '@tanstack/react-query';
import { api, dataOf } from '../api/client';
import type { ActivityLog } from '../api/types';
import { LogTable, More } from '../ui/logs';
import { Empty, Failure, Waiting } from '../ui/states';

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
  return <LogTable label="Activity logs" lines={logs} more={<More query={query} />} />;
}
