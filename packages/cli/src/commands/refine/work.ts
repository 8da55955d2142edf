import { createLogger, type LogLevel, type Rule, ruleNames } from '@lakewright/core';
import { type Command, Option } from 'commander';
import { configOption } from '../../arguments.ts';
import { type CommandContext, globalOptions } from '../../context.ts';
import { UsageError } from '../../errors.ts';

interface WorkOptions {
  config?: string;
  rule?: string;
  logLevel: LogLevel;
}

export function addWork(refine: Command, context: CommandContext): void {
  refine
    .command('work')
    .description('serve rules of the aws profile from their SQS queues, without Lambda')
    .addOption(configOption())
    .addOption(new Option('--profile <name>', 'where the queues are').choices(['aws']).default('aws'))
    .option('--rule <name>', 'only this rule')
    .addOption(
      new Option('--log-level <level>', 'least important messages to log')
        .env('LAKEWRIGHT_LOG_LEVEL')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .action((options: WorkOptions, command: Command) => work(context, command, options));
}

async function work(context: CommandContext, command: Command, options: WorkOptions): Promise<void> {
  const { loadConfig } = await import('../../config.ts');
  const config = await loadConfig(options.config);
  const rules = config.refine.rules.filter(({ name }) => options.rule === undefined || name === options.rule);
  if (rules.length === 0) {
    const names = config.refine.rules.map(({ name }) => name).join(', ') || 'none';
    throw new UsageError(`there is no rule ${JSON.stringify(options.rule ?? '')}; there is ${names}`);
  }
  const logger = createLogger({
    level: options.logLevel,
    format: globalOptions(command).json ? 'json' : 'text',
    write: context.terminal.err,
  });
  const [{ s3ObjectStore, sqsQueue }, { refineMetrics, runRefine }, { loadHandler }, { Registry }] =
    await Promise.all([
      import('@lakewright/aws'),
      import('@lakewright/refine'),
      import('../../refine/handlers.ts'),
      import('prom-client'),
    ]);
  const { guardProcess } = await import('../../guard.ts');
  guardProcess(logger);
  const { bucket, namespace } = config.refine;
  const store = s3ObjectStore({ bucket });
  const metrics = refineMetrics(new Registry());
  const serve = async (rule: Rule) => ({
    rule,
    bucket,
    store,
    queue: await sqsQueue({ queueName: ruleNames(namespace, rule).inputQueue }),
    handler: await loadHandler(rule, config.directory),
    logger,
    metrics,
  });
  const services = await Promise.all(rules.map(serve));
  const stop = context.interrupted();
  stop.addEventListener('abort', () => logger.log('info', 'stopping: finishing what is in work'), {
    once: true,
  });
  for (const { rule, queue } of services) {
    logger.log('info', 'serving', { rule: rule.name, bucket, queue: queue.name });
  }
  await Promise.all(services.map((service) => runRefine(service, stop)));
}
