import { object, string } from '../schema.ts';

export const targetRef = object('The workload or claim itself.', {
  apiVersion: string('API version of its kind, such as apps/v1.'),
  kind: string('Its kind, such as Deployment.'),
  name: string('Its name.'),
  namespace: string('Its namespace; that of this object where it is left out.'),
});

export const alias = string('Name that tells this target from the others of the same invoker.');
