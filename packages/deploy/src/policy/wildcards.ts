/**
 * Whether `text` is what `pattern` describes: `*` is any number of characters, `?` is one. Linear in the length of the
 * text for each star, so that no pattern of a foreign policy takes long.
 */
export function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

const ARN_PARTS = 6;

/** As ArnLike compares: each of the six parts between colons by itself, so that a star does not reach over one. */
export function matchesArn(pattern: string, arn: string): boolean {
  const wanted = partsOf(pattern);
  const given = partsOf(arn);
  if (wanted === undefined || given === undefined) return false;
  return wanted.every((part, index) => matches(part, given[index]));
}

function partsOf(arn: string): string[] | undefined {
  const parts = arn.split(':');
  if (parts.length < ARN_PARTS) return undefined;
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
}
