import type { Brought } from './brought.ts';
import type { AccountFacts } from './facts.ts';
import { type Finding, ofLook, ok, problem } from './finding.ts';

/** That the cluster takes tasks. Services run on Fargate by launch type, which every cluster takes. */
export function checkCluster(brought: Brought, facts: AccountFacts): Finding[] {
  const where = brought.compute?.clusterArn ?? '';
  if (facts.compute === undefined || where === '') return [];
  const subject = { check: 'cluster', where };
  const absent = () => [
    problem(subject, 'is not there', 'ExistingClusterArn names no cluster that this account can see', {
      commands: [
        [
          'aws',
          'ecs',
          'create-cluster',
          '--region',
          facts.place.region,
          '--cluster-name',
          where.slice(where.lastIndexOf('/') + 1),
        ],
      ],
    }),
  ];
  return [
    ...ofLook(
      subject,
      facts.compute.cluster,
      ({ status }) => {
        if (status === 'INACTIVE') return absent();
        return status === 'ACTIVE'
          ? [ok(subject, 'is active, and takes tasks on Fargate')]
          : [problem(subject, `is ${status}`, 'only an active cluster takes tasks')];
      },
      absent,
    ),
  ];
}
