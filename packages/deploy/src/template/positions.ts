import type { Position } from '../errors.ts';
import type { Template } from './model.ts';

/** Where the path stands in the text, or the nearest one around it that is known. */
export function nearestPosition({ positions }: Template, path: string): Position | undefined {
  const parts = path.split('/');
  for (let length = parts.length; length > 0; length--) {
    const found = positions.get(parts.slice(0, length).join('/'));
    if (found !== undefined) return found;
  }
  return undefined;
}
