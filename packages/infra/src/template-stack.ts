import type { CfnCondition, CfnElement } from 'aws-cdk-lib/core';
import {
  App,
  CfnOutput,
  CfnParameter,
  type CfnParameterProps,
  Fn,
  LegacyStackSynthesizer,
  Stack,
} from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** What a parameter is, its name apart. */
export interface ParameterOptions extends CfnParameterProps {
  /** How the console names it; a parameter without a label is not shown in a group. */
  readonly label?: string;
}

/** A group of parameters, as the console shows them. */
export interface ParameterGroup {
  readonly label: string;
  readonly parameters: readonly string[];
}

export interface OutputOptions {
  readonly description?: string;
  /** The name behind `${AWS::StackName}-`. Default: the output's own. False: not exported. */
  readonly exportName?: string | false;
  /** The output is there only under it: CloudFormation refuses an empty exported value. */
  readonly condition?: CfnCondition;
}

/**
 * A stack whose template is one plain file: no bootstrap, no assets, no metadata of the CDK, of no account and no
 * region. The logical id of a resource is its own id in the code, in whatever construct it is.
 */
export abstract class TemplateStack extends Stack {
  readonly #labels = new Map<string, string>();
  /** Outputs have names of their own: one may be called as a parameter is. */
  readonly #outputs = new Construct(this, 'Outputs');

  constructor(description: string) {
    super(new App({ analyticsReporting: false, treeMetadata: false }), 'Template', {
      description,
      analyticsReporting: false,
      synthesizer: new LegacyStackSynthesizer(),
    });
    this.templateOptions.templateFormatVersion = '2010-09-09';
  }

  protected override allocateLogicalId(element: CfnElement): string {
    return element.node.id;
  }

  /** Declares a parameter. */
  parameter(name: string, { label, ...options }: ParameterOptions): CfnParameter {
    if (label !== undefined) this.#labels.set(name, label);
    return new CfnParameter(this, name, options);
  }

  /** Declares an output, which is exported as `${AWS::StackName}-NAME` unless `options` say otherwise. */
  output(name: string, value: string, options: OutputOptions = {}): CfnOutput {
    const { description, exportName = name, condition } = options;
    return new CfnOutput(this.#outputs, name, {
      value,
      description,
      condition,
      ...(exportName === false ? {} : { exportName: Fn.sub(`\${AWS::StackName}-${exportName}`) }),
    });
  }

  /** The order and the labels of parameters in the console. */
  groups(groups: readonly ParameterGroup[]): void {
    this.templateOptions.metadata = {
      'AWS::CloudFormation::Interface': {
        ParameterGroups: groups.map(({ label, parameters }) => ({
          Label: { default: label },
          Parameters: parameters,
        })),
        ParameterLabels: Object.fromEntries(
          [...this.#labels].map(([name, text]) => [name, { default: text }]),
        ),
      },
    };
  }

  /** The template as CloudFormation reads it, as plain data. */
  template(): Record<string, unknown> {
    // Stack has no public way to its template that does not write files.
    return this.resolve((this as unknown as { _toCloudFormation(): object })._toCloudFormation());
  }
}

/** What the stack named by `stackName` exports as `name`. */
export function importedFrom(stackName: CfnParameter, name: string): string {
  return Fn.importValue(Fn.sub(`\${${stackName.logicalId}}-${name}`));
}
