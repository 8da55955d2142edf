import { type Deployment, listAt, type Placed, resourcesOf, textAt, textsAt } from './deployment.ts';

/** A listener with the load balancer it is of, and the target groups that it forwards to. */
export interface Listening {
  readonly listener: Placed;
  readonly port: number;
  readonly balancer?: Placed;
  readonly targets: readonly string[];
  /** Listener and rules: what must be there before a target group has a load balancer. */
  readonly parts: readonly Placed[];
}

export function listeningOf(deployment: Deployment): Listening[] {
  const balancers = new Map(
    resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::LoadBalancer').map((resource) => [
      resource.ref,
      resource,
    ]),
  );
  const rules = resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::ListenerRule');
  return resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::Listener').map((listener) => {
    const own = rules.filter(({ properties }) => textAt(properties, 'ListenerArn') === listener.ref);
    return {
      listener,
      port: Number(textAt(listener.properties, 'Port')),
      balancer: balancers.get(textAt(listener.properties, 'LoadBalancerArn')),
      targets: [...forwards(listener, 'DefaultActions'), ...own.flatMap((rule) => forwards(rule, 'Actions'))],
      parts: [listener, ...own],
    };
  });
}

export function groupsOf(balancer: Placed): string[] {
  return textsAt(balancer.properties, 'SecurityGroups');
}

function forwards({ properties }: Placed, actions: string): string[] {
  return listAt(properties, actions).flatMap((action) => [
    ...textsAt(action, 'TargetGroupArn'),
    ...listAt(action, 'ForwardConfig', 'TargetGroups').map((target) => textAt(target, 'TargetGroupArn')),
  ]);
}
