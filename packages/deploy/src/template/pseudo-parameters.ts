import { NO_VALUE, type Value } from './scope.ts';
import { stackId } from './stand-ins.ts';

/** What `Ref` gives for a name that begins with `AWS::`; undefined when CloudFormation has no such name. */
export function pseudoParameter(
  name: string,
  where: { readonly partition: string; readonly region: string; readonly account: string },
  stackName: string,
): Value | undefined {
  const { partition, region, account } = where;
  switch (name) {
    case 'AWS::NoValue':
      return NO_VALUE;
    case 'AWS::AccountId':
      return account;
    case 'AWS::NotificationARNs':
      return [];
    case 'AWS::Partition':
      return partition;
    case 'AWS::Region':
      return region;
    case 'AWS::StackId':
      return stackId(where, stackName);
    case 'AWS::StackName':
      return stackName;
    case 'AWS::URLSuffix':
      return partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
    default:
      return undefined;
  }
}
