import type { DatabaseFacts, SecretFacts } from '@lakewright/core';
import type { Brought, Database } from './brought.ts';
import { type AccountFacts, isAlias, keyArn } from './facts.ts';
import { type Finding, ofLook, ok, problem, type Subject, warning } from './finding.ts';
import type { Place } from './needs.ts';

/** PostgreSQL of which the catalog's statements are sure to run. */
const LEAST_VERSION = 14;
const ENGINES = ['postgres', 'aurora-postgresql'];
/** What RDS says of a database that answers. */
const ANSWERING = new Set([
  ...['available', 'backing-up', 'configuring-enhanced-monitoring', 'configuring-iam-database-auth'],
  ...['configuring-log-exports', 'storage-optimization', 'storage-config-upgrade'],
]);
/** What it says of one that answers again by itself, in minutes. Any other state needs a person. */
const AT_WORK = new Set([
  ...['creating', 'modifying', 'maintenance', 'rebooting', 'renaming', 'starting', 'upgrading'],
  ...['failing-over', 'resetting-master-credentials', 'moving-to-vpc', 'scaling-compute', 'scaling-storage'],
]);
const SECRET_FIELDS = ['username', 'password'] as const;

/** The database behind the endpoint, and the secret to open it with. */
export function checkDatabase(brought: Brought, database: Database, facts: AccountFacts): Finding[] {
  if (facts.database === undefined) return [];
  const { instance, secret } = facts.database;
  const subject = { check: 'database', where: database.endpoint };
  const inSecret = { check: 'database-secret', where: database.secretArn };
  return [
    ...ofLook(
      subject,
      instance,
      (found) => instanceFindings(brought, database, found),
      () => [absentFinding(subject, database)],
    ),
    ...(database.secretArn === ''
      ? []
      : ofLook(
          inSecret,
          secret,
          (found) => [
            ...nameFindings(inSecret, found),
            ...secretFindings(brought, inSecret, found, facts.place),
          ],
          () => [
            problem(
              inSecret,
              'is not there',
              'ExistingDatabaseSecretArn names no secret that this account can see',
              {
                note: 'put username and password into a file secret.json of your own, and remove it afterwards',
                commands: [
                  [
                    'aws',
                    'secretsmanager',
                    'create-secret',
                    '--region',
                    facts.place.region,
                    '--name',
                    'lakerunner-database',
                    '--secret-string',
                    'file://secret.json',
                  ],
                ],
              },
            ),
          ],
        )),
  ];
}

function absentFinding(subject: Subject, { endpoint }: Database): Finding {
  if (endpoint.endsWith('.rds.amazonaws.com') || endpoint.endsWith('.rds.amazonaws.com.cn')) {
    return problem(
      subject,
      'is not there',
      'no instance, cluster or proxy of this account and region has this endpoint',
    );
  }
  return warning(
    subject,
    'is no endpoint of RDS',
    'nothing of it could be looked at: its engine, where it is, and whether the tasks reach it',
  );
}

function instanceFindings({ network }: Brought, database: Database, found: DatabaseFacts): Finding[] {
  const { kind, id, engine, version } = found;
  const subject = { check: 'database', where: `${kind} ${id}` };
  const at = (name: string) => ({ check: 'database', where: name });
  const findings: Finding[] = [];
  if (!ENGINES.includes(engine)) {
    findings.push(problem(subject, `is ${engine}, and not PostgreSQL`, 'the catalog speaks PostgreSQL'));
  } else if (version !== '' && Number.parseInt(version, 10) < LEAST_VERSION) {
    findings.push(
      problem(subject, `is PostgreSQL ${version}`, `the catalog needs ${LEAST_VERSION} or newer`),
    );
  } else {
    findings.push(ok(subject, `is PostgreSQL ${version}`.trim()));
  }
  if (!found.writable) {
    findings.push(
      problem(subject, 'is only read from', 'the catalog is written to: bring the endpoint of the writer'),
    );
  } else if (kind === 'instance' && engine === 'aurora-postgresql') {
    findings.push(
      warning(
        subject,
        'is one instance of a cluster',
        'after a failover it is only read from: bring the endpoint of the cluster',
      ),
    );
  }
  if (!ANSWERING.has(found.status)) {
    const report = AT_WORK.has(found.status) ? warning : problem;
    findings.push(report(subject, `is ${found.status}`, 'tasks cannot use it until it is available'));
  }
  if (found.port !== database.port) {
    findings.push(
      problem(
        at('ExistingDatabasePort'),
        `is ${database.port}, and the database listens on ${found.port}`,
        'tasks would ask in vain',
        {
          note: `set ExistingDatabasePort=${found.port}`,
          commands: [],
        },
      ),
    );
  }
  if (found.vpcId !== undefined && network.vpcId !== '' && found.vpcId !== network.vpcId) {
    findings.push(
      problem(
        subject,
        `is in ${found.vpcId}, and the install in ${network.vpcId}`,
        'security groups and routes lead to it only inside one VPC, or over a peering that was not looked at',
      ),
    );
  }
  if (found.databaseName !== undefined && found.databaseName !== database.name) {
    findings.push(
      warning(
        at('ExistingDatabaseName'),
        `is ${database.name}, and the database was made with ${found.databaseName}`,
        `a database ${database.name} must have been made in it since: CREATE DATABASE ${database.name};`,
      ),
    );
  }
  if (found.databaseName === undefined) {
    findings.push(
      warning(
        at('ExistingDatabaseName'),
        `was not looked for`,
        `a database ${database.name} must be there: only its user sees that`,
      ),
    );
  }
  if (found.publiclyAccessible) {
    findings.push(
      warning(
        subject,
        'has a public address',
        'tasks reach it inside the VPC, and nobody needs to from outside',
        {
          commands:
            kind === 'instance'
              ? [
                  [
                    'aws',
                    'rds',
                    'modify-db-instance',
                    '--db-instance-identifier',
                    id,
                    '--no-publicly-accessible',
                    '--apply-immediately',
                  ],
                ]
              : [],
        },
      ),
    );
  }
  if (!found.encrypted) {
    findings.push(
      warning(
        subject,
        'is not encrypted',
        'an encrypted copy of a snapshot is the way to an encrypted database',
      ),
    );
  }
  return findings;
}

/** Secrets Manager finds a secret without the six letters at its end; policies and ECS do not. */
function nameFindings(subject: Subject, { arn }: SecretFacts): Finding[] {
  if (arn === subject.where) return [];
  return [
    problem(
      { ...subject, where: 'ExistingDatabaseSecretArn' },
      'is not the whole ARN of the secret',
      'roles are let read this very ARN, and tasks that are refused the secret do not start',
      { note: `set ExistingDatabaseSecretArn=${arn}`, commands: [] },
    ),
  ];
}

function secretFindings(brought: Brought, subject: Subject, secret: SecretFacts, place: Place): Finding[] {
  if (secret.deleted) {
    return [
      problem(subject, 'waits for its deletion', 'nothing can read it', {
        commands: [
          ['aws', 'secretsmanager', 'restore-secret', '--region', place.region, '--secret-id', secret.arn],
        ],
      }),
    ];
  }
  const { kmsKey } = secret;
  const own = kmsKey !== undefined && !kmsKey.includes('alias/aws/');
  const key = own && !isAlias(kmsKey) ? keyArn(kmsKey, place) : kmsKey;
  return [
    ...ofLook(
      subject,
      secret.shape,
      ({ isObject, fields }) => {
        const missing = SECRET_FIELDS.filter((field) => !fields.includes(field));
        if (isObject && missing.length === 0) return [ok(subject, 'has a username and a password')];
        const what = isObject ? `has no text in ${missing.join(' and ')}` : 'is no JSON object';
        return [
          problem(subject, what, 'tasks are given the fields username and password of it', {
            note: 'write {"username": ..., "password": ...} into a file secret.json of your own, and remove it afterwards',
            commands: [
              [
                'aws',
                'secretsmanager',
                'put-secret-value',
                '--region',
                place.region,
                '--secret-id',
                secret.arn,
                '--secret-string',
                'file://secret.json',
              ],
            ],
          }),
        ];
      },
      () => [problem(subject, 'has no value', 'nothing was put into it yet')],
    ),
    ...(own && key !== brought.kmsKeyArn
      ? [
          problem(
            subject,
            `is encrypted with ${key}, and KmsKeyArn is not that key`,
            'the roles that start tasks may use no other key than that of KmsKeyArn',
            {
              note: `set KmsKeyArn=${key}`,
              commands: [],
            },
          ),
        ]
      : []),
  ];
}
