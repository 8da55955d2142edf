import { problemText } from '@lakewright/deploy';
import type { Check } from '../deployment.ts';

/** What CloudFormation would refuse: unresolved references, empty exports, imports without an export, and more. */
export const evaluates: Check = ({ stacks }) =>
  stacks.flatMap(({ file, stack }) =>
    stack.problems.map((problem) => ({
      file,
      resource: problem.path.split('/')[1] ?? '',
      message: problemText(problem),
    })),
  );
