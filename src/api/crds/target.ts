import { object, string } from '../schema.ts';

export const targetRef = object('The workload or claim.', {
  apiVersion: string('API version of its kind, such as apps/v1.'),
  kind: string('Its kind, such as Deployment.'),
  name: string('Its name.'),
  namespace: string('Its namespace; default is the namespace of this object.'),
});

export const alias = string('Unique name of this target among those of the same invoker.');
