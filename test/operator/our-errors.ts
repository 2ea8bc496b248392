/** The sandbox in this process, without HTTP, but with the errors of the HTTP adapter. */
import { answerError, ClusterError } from '#src/cluster/errors.ts';
import type { Cluster } from '#src/cluster/port.ts';

const codes: Readonly<Record<string, number>> = {
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Invalid: 422,
  Forbidden: 403,
};

export function withOurErrors(cluster: Cluster): Cluster {
  const ours = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw translated(error);
    }
  };
  return {
    ...cluster,
    get: (...a) => ours(cluster.get(...a)),
    list: (...a) => ours(cluster.list(...a)),
    create: (...a) => ours(cluster.create(...a)),
    patch: (...a) => ours(cluster.patch(...a)),
    delete: (...a) => ours(cluster.delete(...a)),
  };
}

function translated(error: unknown): unknown {
  if (error instanceof ClusterError || !(error instanceof Error) || !('reason' in error)) return error;
  const reason = String(error.reason);
  const status = { reason, message: error.message, details: { name: 'it' } };
  const request = { verb: 'get', path: '/', name: 'it' } as const;
  const failure = { code: codes[reason] ?? 500, status: status as never };
  const { message, kind } = answerError(request, failure, { user: 'test', server: 'sandbox' });
  return new ClusterError(reason === 'NotFound' ? 'not-found' : kind, message, {
    reason,
    code: failure.code,
  });
}
