import type { LifecycleFacts, LifecycleRule, Look } from '@lakewright/core';
import type { Storage } from './brought.ts';
import { type Command, type Finding, ofLook, ok, problem, warning } from './finding.ts';
import { COOKED_PREFIXES, type Place, RAW_PREFIXES } from './needs.ts';

/** Days for which raw objects are kept, as an install that makes its bucket has it. */
const RAW_DAYS = 10;

type Plain = Readonly<Record<string, unknown>>;

/** That raw objects go after some days, and that nothing else does. */
export function checkLifecycle(storage: Storage, look: Look<LifecycleFacts>, place: Place): Finding[] {
  const subject = { check: 'lifecycle', where: storage.bucketArn };
  const none: LifecycleFacts = { rules: [], document: [] };
  const findings = (facts: LifecycleFacts) => [
    ...expiringFindings(storage, facts, place),
    ...rawFindings(storage, facts, place),
  ];
  return [...ofLook(subject, look, findings, () => findings(none))];
}

/** A rule that removes what an install made is a loss of data that nobody notices at once. */
function expiringFindings(storage: Storage, facts: LifecycleFacts, place: Place): Finding[] {
  const subject = { check: 'lifecycle', where: storage.bucketArn };
  const expiring = facts.rules.flatMap((rule, index) => {
    const isArchiving = archives(facts.document[index] ?? {});
    return coversSegments(rule) && (isArchiving || rule.expirationDays !== undefined)
      ? [{ rule, index, isArchiving }]
      : [];
  });
  return expiring.map(({ rule, index, isArchiving }) => {
    const name = rule.id ?? `rule ${index + 1}`;
    const does = rule.expirationDays === undefined ? 'archives' : 'removes';
    if (rule.narrowed) {
      return warning(
        subject,
        `${name} may ${does.slice(0, -1)} segments`,
        `it ${does} some objects below db/ or iceberg/, by tag or size: segments are small and large, and have no tags`,
      );
    }
    const document = facts.document.map((plain, at) =>
      at === index ? { ...plain, Status: 'Disabled' } : plain,
    );
    return problem(
      subject,
      rule.expirationDays === undefined
        ? `${name} archives segments`
        : `${name} removes segments after ${rule.expirationDays} days`,
      `it covers ${COOKED_PREFIXES.join(' and ')}, where the lake is; ${isArchiving ? 'what is archived cannot be read by a query' : 'the lake removes by itself what is past its retention'}`,
      {
        note: 'the command turns that rule off and leaves the others as they are',
        commands: [put(storage, document, place)],
      },
    );
  });
}

/** Whether a rule moves objects to where nothing reads them before somebody has them restored. */
function archives({ Transitions }: Plain): boolean {
  return (
    Array.isArray(Transitions) &&
    Transitions.some(({ StorageClass }) => StorageClass === 'GLACIER' || StorageClass === 'DEEP_ARCHIVE')
  );
}

function coversSegments(rule: LifecycleRule): boolean {
  return (
    rule.enabled &&
    COOKED_PREFIXES.some((prefix) => prefix.startsWith(rule.prefix) || rule.prefix.startsWith(prefix))
  );
}

function rawFindings(storage: Storage, facts: LifecycleFacts, place: Place): Finding[] {
  const subject = { check: 'lifecycle', where: storage.bucketArn };
  const missing = RAW_PREFIXES.filter((prefix) => !facts.rules.some((rule) => expires(rule, prefix)));
  if (missing.length === 0) return [ok(subject, 'raw objects are removed after some days')];
  const added = missing.map((prefix) => ({
    ID: `lakewright-${prefix.replace('/', '')}`,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    Expiration: { Days: RAW_DAYS },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  }));
  const ids = added.map(({ ID }) => ID);
  const document = [...facts.document.filter(({ ID }) => !ids.includes(String(ID))), ...added];
  return [
    warning(
      subject,
      `nothing removes objects below ${missing.join(', ')}`,
      'raw objects are kept until somebody removes them; S3 knows no prefixes with wildcards, so that each takes a rule',
      {
        note: 'the command replaces all lifecycle rules of the bucket: it holds those that are there now, too',
        commands: [put(storage, document, place)],
      },
    ),
  ];
}

function expires(rule: LifecycleRule, prefix: string): boolean {
  return (
    rule.enabled && !rule.narrowed && rule.expirationDays !== undefined && prefix.startsWith(rule.prefix)
  );
}

function put({ bucket }: Storage, rules: readonly Plain[], { region }: Place): Command {
  return [
    'aws',
    's3api',
    'put-bucket-lifecycle-configuration',
    '--region',
    region,
    '--bucket',
    bucket,
    '--lifecycle-configuration',
    JSON.stringify({ Rules: rules }),
  ];
}
