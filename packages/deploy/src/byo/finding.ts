import type { Look } from '@lakewright/core';

/** One command, as its words: nothing has to be quoted to run it, and everything to show it. */
export type Command = readonly string[];

/** How what was found is put right. */
export interface Fix {
  /** What is to be done by hand, or to be known before the commands. */
  readonly note?: string;
  readonly commands: readonly Command[];
  /** The policy that the commands bring about, for those who keep their policies elsewhere. */
  readonly policy?: { readonly of: string; readonly document: unknown };
}

/**
 * What a look at one thing said. `unseen`: it could not be looked at, so that nothing is known of it. `warning`: an
 * install works, and somebody should know. `problem`: an install fails, or does not do what it is for.
 */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem' | 'unseen';
  /** Stable, for machines: `queue-policy`. */
  readonly check: string;
  readonly what: string;
  /** ARN, id or parameter. */
  readonly where: string;
  readonly why?: string;
  readonly fix?: Fix;
}

/** What one check says of one thing. */
export interface Subject {
  readonly check: string;
  readonly where: string;
}

export function ok(subject: Subject, what: string, why?: string): Finding {
  return { level: 'ok', ...subject, what, ...(why === undefined ? {} : { why }) };
}

export function warning(subject: Subject, what: string, why: string, fix?: Fix): Finding {
  return { level: 'warning', ...subject, what, why, ...(fix === undefined ? {} : { fix }) };
}

export function problem(subject: Subject, what: string, why: string, fix?: Fix): Finding {
  return { level: 'problem', ...subject, what, why, ...(fix === undefined ? {} : { fix }) };
}

/** What nobody let us see. */
export function unseen(subject: Subject, look: { reason: string; action: string }): Finding {
  return {
    level: 'unseen',
    ...subject,
    what: 'could not be looked at',
    why: look.reason,
    fix: { note: `allow ${look.action} to whoever runs this check, and run it again`, commands: [] },
  };
}

/** What `seen` says of a value; of nothing what `absent` says; of what is hidden that it is. */
export function ofLook<T>(
  subject: Subject,
  look: Look<T>,
  seen: (value: T) => readonly Finding[],
  absent: () => readonly Finding[],
): readonly Finding[] {
  if (look.state === 'seen') return seen(look.value);
  return look.state === 'absent' ? absent() : [unseen(subject, look)];
}

/** A command as a POSIX shell reads it. */
export function shellText(command: Command): string {
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
