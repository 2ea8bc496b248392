/** Why `kubectl port-forward` is refused, and what reaches the pod in its place. */
import type { Api } from '../api.ts';
import { notImplemented, type ApiError } from '../status.ts';
import { podAt } from './pod-at.ts';
import { declaredPort } from './pod-proxy.ts';
import type { ResourceRequest } from './request.ts';

/** Throws NotFound if there is no such pod. */
export function noPortForward(api: Api, request: ResourceRequest): ApiError {
  const { namespace = '', name = '' } = request;
  const pod = podAt(api, request);
  const path = `/api/v1/namespaces/${namespace}/pods/${name}:${declaredPort(pod) ?? 'PORT'}/proxy/metrics`;
  return notImplemented(`port-forward; ${path} leads to an HTTP port of the pod: kubectl get --raw PATH`);
}
