import { BadInputError } from '@lakewright/core';

/** Where in a template's text something stands: both count from one. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with a template, or with what it was given. */
export interface Problem {
  /**
   * `syntax`: the text or its structure. `parameter`: a value that was given, or none. `rule`: an assertion of the
   * section Rules. `evaluation`: a reference, a function, an import or an export that CloudFormation would refuse.
   */
  readonly kind: 'syntax' | 'parameter' | 'rule' | 'evaluation';
  /** Keys and indices from the template's root, `/`-separated: `Resources/Queue/Properties/Tags/0/Value`. */
  readonly path: string;
  readonly message: string;
  readonly position?: Position;
}

/** A problem on one line. */
export function problemText({ path, message, position }: Problem): string {
  const at = position === undefined ? '' : ` (line ${position.line}, column ${position.column})`;
  return `${path}${at}: ${message}`;
}

/** A text that is no CloudFormation template. */
export class TemplateError extends BadInputError {
  readonly problems: readonly Problem[];
  constructor(source: string, problems: readonly Problem[]) {
    super(`${source} is no CloudFormation template: ${problems.map(problemText).join('; ')}`, {
      hint: 'mend the template at the places that are named; `lakewright synth` writes those of Lakewright',
    });
    this.problems = problems;
  }
}
