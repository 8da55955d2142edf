import { at, type Check, finding, listAt, resourcesOf, textAt, textsAt } from '../deployment.ts';
import { listeningOf } from '../load-balancers.ts';
import { matches } from '../policies.ts';

/** What is served on each port (docs/services.md and the servers themselves; Grafana's own documentation). */
export interface Routes {
  readonly [port: number]: readonly string[];
}

/** An ALB takes so many values in the conditions of one rule. */
const MOST_VALUES = 5;

/** Paths of health checks and of listener rules are served by whom they lead to. */
export function routesAreServed(routes: Routes): Check {
  return (deployment) => {
    const targets = resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::TargetGroup');
    const health = targets.flatMap((target) => {
      const { properties } = target;
      const path = textAt(properties, 'HealthCheckPath');
      if (path === '')
        return textAt(properties, 'HealthCheckProtocol') === 'TCP'
          ? []
          : noPath(textAt(properties, 'Protocol'));
      const own = textAt(properties, 'HealthCheckPort');
      const port = /^\d+$/.test(own) ? Number(own) : Number(textAt(properties, 'Port'));
      return routes[port]?.includes(path) ? [] : [finding(target, `nothing serves ${path} on ${port}`)];

      function noPath(protocol: string) {
        return protocol === 'TCP' ? [] : [finding(target, 'asks for / to know its health: HealthCheckPath')];
      }
    });
    const priorities = new Map<string, string>();
    const rules = resourcesOf(deployment, 'AWS::ElasticLoadBalancingV2::ListenerRule').flatMap((rule) => {
      const listening = listeningOf(deployment).find(({ parts }) =>
        parts.some(({ ref }) => ref === rule.ref),
      );
      const conditions = listAt(rule.properties, 'Conditions');
      const values = conditions.flatMap((condition) => [
        ...textsAt(condition, 'Values'),
        ...textsAt(condition, 'PathPatternConfig', 'Values'),
      ]);
      const faults = values
        .filter((value) => value.startsWith('/'))
        .filter((value) => !(routes[listening?.port ?? 0] ?? []).some((route) => matches(value, route)))
        .map((value) => finding(rule, `nothing serves ${value} on ${listening?.port}`));
      if (values.length > MOST_VALUES)
        faults.push(
          finding(rule, `has ${values.length} values in its conditions; ${MOST_VALUES} are allowed`),
        );
      const key = `${textAt(rule.properties, 'ListenerArn')} ${textAt(at(rule.properties, 'Priority'))}`;
      if (priorities.has(key)) faults.push(finding(rule, `has the priority of ${priorities.get(key)}`));
      priorities.set(key, rule.id);
      return faults;
    });
    return [...health, ...rules];
  };
}
