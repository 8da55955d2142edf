import { RequestError } from '../errors.ts';

interface Range {
  readonly type: string;
  readonly quality: number;
  /** How exactly it names a type: 2 in full, 1 with a star after the slash, 0 with two stars. */
  readonly precision: number;
}

/**
 * Which of `offered` an Accept header asks for; the first when it asks for anything or for nothing.
 * Throws RequestError (406) when it wants none of them.
 */
export function chooseType(accept: string | undefined, offered: readonly string[]): string {
  const ranges = (accept ?? '*/*').split(',').map(parseRange);
  const scored = offered.map((type) => ({ type, quality: qualityOf(type, ranges) }));
  const best = scored.reduce((a, b) => (b.quality > a.quality ? b : a));
  if (best.quality > 0) return best.type;
  throw new RequestError(406, 'NOT_ACCEPTABLE', `none of what Accept asks for can be answered`, {
    hint: `ask for one of ${offered.join(', ')}`,
  });
}

function parseRange(text: string): Range {
  const [type, ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = q === undefined ? 1 : Number(q.slice(2));
  const precision = type === '*/*' ? 0 : type.endsWith('/*') ? 1 : 2;
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0, precision };
}

/** The most exact range that covers `type` decides. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const covering = ranges.filter(
    (range) => range.type === type || range.type === '*/*' || range.type === `${type.split('/')[0]}/*`,
  );
  return covering.sort((a, b) => b.precision - a.precision)[0]?.quality ?? 0;
}
