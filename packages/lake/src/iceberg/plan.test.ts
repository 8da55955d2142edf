import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DAY_NS } from '../segment-keys.ts';
import { type DataFile, type Entry, STATUS } from './data-file.ts';
import { describeManifest } from './manifests.ts';
import { entriesOf, operationOf, planManifests, spread } from './plan.ts';
import { BY_DAY, UNPARTITIONED } from './schema.ts';
import { liveOf, type ManifestState } from './state.ts';

const file = (id: string, day = 0, more: Partial<DataFile> = {}): DataFile => ({
  segmentId: id,
  key: `db/${id}.parquet`,
  level: 0,
  rows: 10,
  bytes: 100,
  minTimeNs: BigInt(day) * DAY_NS,
  maxTimeNs: BigInt(day) * DAY_NS + 1n,
  services: undefined,
  ...more,
});

describe('what a snapshot did', () => {
  const merged = (rows: number, day = 0) => file('m', day, { level: 1, rows });
  const of = (rows: number, day = 0) => file('f', day, { rows });
  test.each<[string, DataFile[], DataFile[]]>([
    ['append', [of(1)], []],
    ['delete', [], [of(1)]],
    ['replace', [merged(3)], [of(1), of(2)]],
    ['replace', [merged(3), merged(5, 1)], [of(1), of(2), of(5, 1)]],
    ['overwrite', [merged(3), of(1)], [of(1), of(2)]],
    // A merge also took in what was never published, or something went with it.
    ['overwrite', [merged(4)], [of(1), of(2)]],
    ['overwrite', [merged(3), merged(5, 1)], [of(3, 1), of(5)]],
  ])('%s', (operation, added, removed) => {
    expect(operationOf(added, removed)).toBe(operation);
  });
});

test('files of several days are kept apart from those of one', () => {
  const several = file('s', 3, { maxTimeNs: 5n * DAY_NS });
  const entries = [file('a', 2), several, file('b', 1)].map(
    (each): Entry => ({ file: each, status: STATUS.ADDED, snapshotId: 1, sequence: 1 }),
  );
  const plan = spread(entries, 10);
  expect(plan.map(({ specId, entries }) => [specId, entries.map((entry) => entry.file.segmentId)])).toEqual([
    [BY_DAY, ['b', 'a']],
    [UNPARTITIONED, ['s']],
  ]);
});

/** Files that come and go; the model is the set of files that are there. */
describe('over any history', () => {
  const SETTINGS = { manifestFiles: 10, smallFiles: 5, maxSmall: 3 };
  const step = fc.record({
    added: fc.array(fc.nat({ max: 5 }), { maxLength: 12 }),
    removed: fc.array(fc.nat({ max: 1000 }), { maxLength: 6 }),
  });

  test('manifests name exactly the files that are there, and are few', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let manifests: readonly ManifestState[] = [];
        const held = new Map<string, readonly Entry[]>();
        const there = new Map<string, DataFile>();
        steps.forEach(({ added, removed }, i) => {
          const sequence = i + 1;
          const gone = new Set(removed.map((n) => [...there.keys()][n % Math.max(1, there.size)]));
          const changes = {
            added: added.map((day, n) => file(`${i}-${n}`, day, day === 5 ? { maxTimeNs: 9n * DAY_NS } : {})),
            removed: manifests.flatMap(({ key }) =>
              liveIn(held.get(key)).flatMap(({ file: { segmentId } }) =>
                gone.has(segmentId) ? [{ segmentId, manifest: key }] : [],
              ),
            ),
          };
          const { kept, rewritten } = planManifests(manifests, changes, SETTINGS);
          const former = rewritten.flatMap(({ key }) => liveIn(held.get(key)));
          const planned = spread(
            entriesOf(changes, former, { id: sequence, sequence }),
            SETTINGS.manifestFiles,
          );
          const written = planned.map(({ specId, entries }, n) => {
            const key = `${i}/${n}`;
            held.set(key, entries);
            return describeManifest({ key, bytes: 1, specId, snapshotId: sequence, sequence }, entries);
          });
          manifests = [...written, ...kept];
          for (const { segmentId } of changes.removed) there.delete(segmentId);
          for (const each of changes.added) there.set(each.segmentId, each);

          const live = manifests.flatMap(({ key }) => liveIn(held.get(key)));
          expect(live.map((entry) => entry.file.segmentId).sort()).toEqual([...there.keys()].sort());
          for (const { file: each, sequence: of } of live) {
            expect(of).toBe(Number(each.segmentId.split('-')[0]) + 1);
          }
          const small = kept.filter((each) => liveOf(each).files < SETTINGS.smallFiles);
          expect(small.length).toBeLessThanOrEqual(SETTINGS.maxSmall);
          expect(kept.length).toBeLessThanOrEqual(there.size / SETTINGS.smallFiles + SETTINGS.maxSmall);
          for (const { entries } of planned)
            expect(entries.length).toBeLessThanOrEqual(SETTINGS.manifestFiles);
        });
      }),
    );
  });
});

const liveIn = (entries: readonly Entry[] = []) => entries.filter(({ status }) => status !== STATUS.DELETED);
