import type { Look, NotificationRule, NotificationsFacts } from '@lakewright/core';
import type { Storage } from './brought.ts';
import { type Command, type Finding, type Fix, ofLook, ok, problem, warning } from './finding.ts';
import { type Place, RAW_PREFIXES } from './needs.ts';

const CREATED = 's3:ObjectCreated:*';

/** That the bucket tells the queue of every raw object, and of nothing else. */
export function checkNotifications(
  storage: Storage,
  look: Look<NotificationsFacts>,
  place: Place,
): Finding[] {
  const { bucketArn: where, queueArn } = storage;
  const subject = { check: 'notifications', where };
  if (queueArn === '') return [];
  return [
    ...ofLook(
      subject,
      look,
      (facts) => {
        const missing = RAW_PREFIXES.filter((prefix) => !isTold(facts.rules, prefix, queueArn));
        const more = facts.rules.filter(
          (rule) => rule.targetArn === queueArn && tellsOfCreation(rule) && tellsOfMore(rule),
        );
        return [
          ...RAW_PREFIXES.filter((prefix) => !missing.includes(prefix)).map((prefix) =>
            ok(subject, `the queue hears of objects below ${prefix}`),
          ),
          ...missing.map((prefix) => missingFinding(storage, facts, prefix, place)),
          ...(more.length === 0 || missing.length > 0
            ? []
            : [
                warning(
                  subject,
                  'the queue hears of more than raw objects',
                  `${more.map((rule) => rule.id ?? 'a rule without an id').join(', ')} has no prefix of raw objects: every segment that is written is a message, too`,
                  fixOf(storage, facts, place),
                ),
              ]),
        ];
      },
      // An answer without rules is seen; nothing at all is a bucket that is not there.
      () => [],
    ),
  ];
}

function missingFinding(storage: Storage, facts: NotificationsFacts, prefix: string, place: Place): Finding {
  const subject = { check: 'notifications', where: storage.bucketArn };
  const what = `the queue hears nothing of objects below ${prefix}`;
  const other = facts.rules.find((rule) => rule.targetArn !== storage.queueArn && overlaps(rule, prefix));
  if (other !== undefined) {
    return problem(
      subject,
      what,
      `${other.id ?? 'a rule'} sends these events to ${other.targetArn}, and S3 lets no two rules overlap`,
      { note: 'turn EventBridge on for the bucket, or put an SNS topic before both receivers', commands: [] },
    );
  }
  const fix = fixOf(storage, facts, place);
  if (facts.eventBridge) {
    return warning(
      subject,
      what,
      'no rule of the bucket does; its events also go to EventBridge, whose rules are not looked at here: the queue understands them',
      fix,
    );
  }
  return problem(subject, what, 'objects would be found by listing only, minutes after they arrive', fix);
}

/** Everything below `prefix` that is made, whatever its name ends with. */
function isTold(rules: readonly NotificationRule[], prefix: string, queueArn: string): boolean {
  return rules.some(
    (rule) =>
      rule.targetArn === queueArn &&
      rule.suffix === '' &&
      prefix.startsWith(rule.prefix) &&
      rule.events.includes(CREATED),
  );
}

function tellsOfCreation({ events }: NotificationRule): boolean {
  return events.some((event) => event.startsWith('s3:ObjectCreated:'));
}

function tellsOfMore({ prefix }: NotificationRule): boolean {
  return !RAW_PREFIXES.some((raw) => prefix.startsWith(raw));
}

function overlaps(rule: NotificationRule, prefix: string): boolean {
  return tellsOfCreation(rule) && (prefix.startsWith(rule.prefix) || rule.prefix.startsWith(prefix));
}

/**
 * The bucket's notifications with those for raw objects in them. S3 keeps one document of all notifications of a bucket
 * and replaces it as a whole: everything that was there stays, but for rules of this very queue that would overlap.
 */
function mergedNotifications(facts: NotificationsFacts, queueArn: string): Record<string, unknown> {
  const { QueueConfigurations = [], ...others } = facts.document as {
    QueueConfigurations?: readonly QueueConfiguration[];
  };
  const kept = QueueConfigurations.flatMap((rule) => withoutCreation(rule, queueArn));
  const added = RAW_PREFIXES.map((prefix) => ({
    Id: `lakewright-${prefix.replace('/', '')}`,
    QueueArn: queueArn,
    Events: [CREATED],
    Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } },
  }));
  return { ...others, QueueConfigurations: [...kept, ...added] };
}

interface QueueConfiguration {
  readonly Id?: string;
  readonly QueueArn?: string;
  readonly Events?: readonly string[];
  readonly Filter?: {
    readonly Key?: { readonly FilterRules?: readonly { Name?: string; Value?: string }[] };
  };
}

/** A rule as it may stay beside the added ones. */
function withoutCreation(rule: QueueConfiguration, queueArn: string): QueueConfiguration[] {
  const filters = rule.Filter?.Key?.FilterRules ?? [];
  const prefix = filters.find(({ Name }) => Name?.toLowerCase() === 'prefix')?.Value ?? '';
  const clashes = RAW_PREFIXES.some((raw) => raw.startsWith(prefix) || prefix.startsWith(raw));
  if (rule.QueueArn !== queueArn || !clashes) return [rule];
  const Events = (rule.Events ?? []).filter((event) => !event.startsWith('s3:ObjectCreated:'));
  return Events.length === 0 ? [] : [{ ...rule, Events }];
}

function fixOf(storage: Storage, facts: NotificationsFacts, place: Place): Fix {
  const command: Command = [
    'aws',
    's3api',
    'put-bucket-notification-configuration',
    '--region',
    place.region,
    '--bucket',
    storage.bucket,
    '--notification-configuration',
    JSON.stringify(mergedNotifications(facts, storage.queueArn)),
  ];
  return {
    note: 'the command replaces all notifications of the bucket: it holds those that are there now, too. First let the queue be sent to',
    commands: [command],
  };
}
