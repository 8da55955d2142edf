import { expect, it } from 'vitest';
import { encodeRequest } from '../../test/otlp-proto.ts';
import { DecodeContext, LogsDecoder, newCounts } from './index.ts';

it('keeps the last of repeated keys, however often such a list comes', () => {
  const attribute = (key: string, string_value: string) => ({ key, value: { string_value } });
  const attributes = [attribute('a', 'old'), attribute('b', 'x'), attribute('a', 'new')];
  const plain = [attribute('a', 'new'), attribute('b', 'x')];
  const log_records = [attributes, attributes, plain, attributes].map((list) => ({ attributes: list }));
  const context = new DecodeContext();
  const decoder = new LogsDecoder(context);
  const request = encodeRequest('logs', { resource_logs: [{ scope_logs: [{ log_records }] }] });
  decoder.decode(request, 1n, newCounts());
  const { strings } = context;
  const { sets, pairKey, pairValue } = context.attributes;
  const lists = [...decoder.rows.attributes.subarray(0, 4)].map((set) =>
    [...sets.items.subarray(sets.offsets[set], sets.offsets[set + 1])].map(
      (pair) => `${strings.text(pairKey[pair])}=${strings.text(pairValue[pair])}`,
    ),
  );
  expect(lists).toEqual(Array.from({ length: 4 }, () => ['a=new', 'b=x']));
});
