import { type Check, type Finding, finding, listAt, resourcesOf, textAt, textsAt } from '../deployment.ts';
import { listeningOf } from '../load-balancers.ts';
import { allows, rightsOf, roleAt } from '../policies.ts';
import { runsOf } from '../tasks.ts';

/** A service behind a load balancer is made after the listeners: before them its target group belongs to nobody. */
export const servicesAfterListeners: Check = (deployment) => {
  const listening = listeningOf(deployment);
  return resourcesOf(deployment, 'AWS::ECS::Service').flatMap((service) =>
    listAt(service.properties, 'LoadBalancers').flatMap((attachment) => {
      const target = textAt(attachment, 'TargetGroupArn');
      const parts = listening.filter(({ targets }) => targets.includes(target)).flatMap((each) => each.parts);
      return parts
        .filter((part) => part.of === service.of && !service.after.includes(part.id))
        .map((part) => finding(service, `is not made after ${part.id}: DependsOn`));
    }),
  );
};

/** Tasks have no public addresses, and are in private subnets. */
export const tasksArePrivate: Check = (deployment) => {
  const open = new Set(
    deployment.stacks.flatMap(({ stack }) => [stack.parameters.PublicSubnets ?? []].flat()),
  );
  return runsOf(deployment).flatMap(({ runner, subnets }) => {
    const faults: Finding[] = [];
    const address = textAt(
      runner.properties,
      'NetworkConfiguration',
      'AwsvpcConfiguration',
      'AssignPublicIp',
    );
    if (runner.type === 'AWS::ECS::Service' && address !== 'DISABLED') {
      faults.push(finding(runner, 'AssignPublicIp is not DISABLED'));
    }
    if (subnets.length === 0) faults.push(finding(runner, 'is in no subnet'));
    const outside = subnets.filter((subnet) => open.has(subnet));
    if (outside.length > 0) faults.push(finding(runner, `is in public subnets: ${outside.join(', ')}`));
    return faults;
  });
};

/** Internet-facing load balancers are in public subnets, internal ones in private ones, two at least. */
export const balancersWhereTheyBelong: Check = (deployment) => {
  const open = new Set(
    deployment.stacks.flatMap(({ stack }) => [stack.parameters.PublicSubnets ?? []].flat()),
  );
  return resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::LoadBalancer').flatMap((balancer) => {
    const subnets = textsAt(balancer.properties, 'Subnets');
    const scheme = textAt(balancer.properties, 'Scheme');
    if (subnets.length < 2) return [finding(balancer, 'needs subnets in two zones')];
    const wrong = subnets.filter((subnet) => open.has(subnet) !== (scheme === 'internet-facing'));
    return wrong.length === 0
      ? []
      : [finding(balancer, `is ${scheme || 'without a scheme'} in ${wrong.join(', ')}`)];
  });
};

/** A deployment that does not come up is rolled back, and its tasks carry the tags that costs are told by. */
export const deploymentsRollBack: Check = (deployment) =>
  resourcesOf(deployment, 'AWS::ECS::Service').flatMap((service) => {
    const { properties } = service;
    const breaker = (name: string) =>
      textAt(properties, 'DeploymentConfiguration', 'DeploymentCircuitBreaker', name);
    const faults: string[] = [];
    if (breaker('Enable') !== 'true' || breaker('Rollback') !== 'true')
      faults.push('no circuit breaker with rollback');
    if (textAt(properties, 'PropagateTags') === '')
      faults.push('its tags do not reach its tasks: PropagateTags');
    const behind = listAt(properties, 'LoadBalancers').length > 0;
    if (behind && textAt(properties, 'HealthCheckGracePeriodSeconds') === '') {
      faults.push('is behind a load balancer without HealthCheckGracePeriodSeconds');
    }
    return faults.map((message) => finding(service, message));
  });

/** ECS Exec is the task role's to allow; one that a customer brings is looked at by `byo-check`. */
export const execIsGranted: Check = (deployment) =>
  runsOf(deployment).flatMap(({ runner, definition }) => {
    if (textAt(runner.properties, 'EnableExecuteCommand') !== 'true') return [];
    const arn = textAt(definition.properties, 'TaskRoleArn');
    if (arn === '') return [finding(definition, 'has no task role, which ECS Exec needs')];
    const role = roleAt(arn, deployment);
    if (role === undefined || allows(rightsOf(role, deployment), 'ssmmessages:OpenDataChannel', '*'))
      return [];
    return [finding(role, 'does not allow ssmmessages:OpenDataChannel, which ECS Exec needs')];
  });

/** Every task definition is run by somebody. */
export const definitionsAreRun: Check = (deployment) => {
  const run = new Set(
    resourcesOf(deployment).flatMap(({ properties }) => [
      textAt(properties, 'TaskDefinition'),
      textAt(properties, 'TaskDefinitionArn'),
    ]),
  );
  return resourcesOf(deployment, 'AWS::ECS::TaskDefinition')
    .filter(({ ref = '' }) => !run.has(ref))
    .map((definition) => finding(definition, 'nothing runs it'));
};
