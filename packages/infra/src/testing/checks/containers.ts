import { at, type Check, finding, listAt, type Placed, resourcesOf, textAt, textsAt } from '../deployment.ts';
import { knownImage } from '../images.ts';
import { type Container, containersOf, runsOf } from '../tasks.ts';

/** MiB that go with each size of CPU on Fargate: least, most, step (Amazon ECS developer guide, task size). */
const FARGATE: Readonly<Record<string, readonly [number, number, number]>> = {
  256: [512, 2048, 512],
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16_384, 1024],
  4096: [8192, 30_720, 1024],
  8192: [16_384, 61_440, 4096],
  16384: [32_768, 122_880, 8192],
};

function eachContainer(check: (container: Container, definition: Placed) => string[]): Check {
  return (deployment) =>
    resourcesOf(deployment, 'AWS::ECS::TaskDefinition').flatMap((definition) =>
      containersOf(definition).flatMap((container) =>
        check(container, definition).map((message) => finding(definition, `${container.name}: ${message}`)),
      ),
    );
}

function eachRunContainer(check: (container: Container) => string[]): Check {
  return (deployment) =>
    runsOf(deployment).flatMap(({ definition, containers }) =>
      containers.flatMap((container) =>
        check(container).map((message) => finding(definition, `${container.name}: ${message}`)),
      ),
    );
}

function eachDefinition(check: (definition: Placed) => string[]): Check {
  return (deployment) =>
    resourcesOf(deployment, 'AWS::ECS::TaskDefinition').flatMap((definition) =>
      check(definition).map((message) => finding(definition, message)),
    );
}

/** CPU and memory that Fargate has together. */
export const fargateSizes = eachDefinition(({ properties }) => {
  const cpu = textAt(properties, 'Cpu');
  const memory = Number(textAt(properties, 'Memory'));
  const [least, most, step] = FARGATE[cpu] ?? [0, 0, 1];
  // 256 goes with 512, 1024 and 2048 alone.
  const fits =
    memory >= least && memory <= most && memory % step === 0 && !(cpu === '256' && memory === 1536);
  return fits ? [] : [`Fargate has no task of CPU ${cpu} with ${memory} MiB`];
});

/** Which processor and system a task is for is said: the default is another one. */
export const runtimePlatform = eachDefinition(({ properties }) => {
  const platform = at(properties, 'RuntimePlatform');
  const faults = [];
  if (!['ARM64', 'X86_64'].includes(textAt(platform, 'CpuArchitecture')))
    faults.push('no RuntimePlatform/CpuArchitecture');
  if (textAt(platform, 'OperatingSystemFamily') !== 'LINUX')
    faults.push('no RuntimePlatform/OperatingSystemFamily');
  if (textAt(properties, 'NetworkMode') !== 'awsvpc')
    faults.push('NetworkMode is not awsvpc, which Fargate needs');
  if (!textsAt(properties, 'RequiresCompatibilities').includes('FARGATE'))
    faults.push('RequiresCompatibilities lacks FARGATE');
  return faults;
});

/** Health commands say how they are run, and are in the image. */
export const healthCommands = eachRunContainer(({ image, definition }) => {
  const command = textsAt(definition, 'HealthCheck', 'Command');
  if (command.length === 0) return [];
  const [how, first = '', ...rest] = command;
  if (how !== 'CMD' && how !== 'CMD-SHELL')
    return [`its health check begins with ${how}, not with CMD or CMD-SHELL`];
  if (how === 'CMD-SHELL' && rest.length > 0) return ['CMD-SHELL takes one text'];
  return lacks(image, how === 'CMD' ? [first] : ['sh', first.trim().split(/\s+/)[0]]);
});

/** Commands are in the image. */
export const startCommands = eachRunContainer(({ image, command }) => {
  if (knownImage(image) === undefined) return [`${image} is an image that nothing is known of here`];
  if (command.length > 0) return lacks(image, [command[0]]);
  // What our image runs by itself is its help.
  return knownImage(image)?.confined === true ? ['has no command'] : [];
});

function lacks(image: string, commands: readonly string[]): string[] {
  const known = knownImage(image);
  return commands
    .filter((command) => known !== undefined && !known.commands.includes(command))
    .map((command) => `${image} has no ${command}`);
}

/** Our image runs as nobody of note, on a root that nothing writes to, with a volume where it does write. */
export const confinedContainers = eachContainer(({ image, definition, environment }) => {
  if (knownImage(image)?.confined !== true) return [];
  const faults = [];
  if (['0', 'root', '0:0'].includes(textAt(definition, 'User'))) faults.push('runs as root');
  if (textAt(definition, 'ReadonlyRootFilesystem') !== 'true') faults.push('its root is not read-only');
  if (textAt(definition, 'Privileged') === 'true') faults.push('is privileged');
  const mounts = listAt(definition, 'MountPoints').map((mount) => textAt(mount, 'ContainerPath'));
  for (const variable of ['LAKEWRIGHT_SCRATCH', 'TMPDIR', 'HOME']) {
    const path = environment.get(variable) ?? '/scratch';
    if (!mounts.some((mount) => path === mount || path.startsWith(`${mount}/`))) {
      faults.push(`${variable} is ${path}, where no volume is mounted`);
    }
  }
  return faults;
});

/** What a container mounts is a volume of its task. */
export const mountedVolumes = eachContainer(({ definition: { MountPoints } }, { properties }) => {
  const volumes = listAt(properties, 'Volumes').map((volume) => textAt(volume, 'Name'));
  return listAt(MountPoints)
    .map((mount) => textAt(mount, 'SourceVolume'))
    .filter((name) => !volumes.includes(name))
    .map((name) => `mounts ${name}, which is no volume of its task`);
});

/** Connections to the database are encrypted. */
export const databaseTls = eachContainer(({ environment }) =>
  [...environment]
    .filter(([name]) => /^(LRDB|CONFIGDB)_HOST$|^PGHOST$/.test(name))
    .map(([name]) => name.replace(/_?HOST$/, ''))
    .filter((prefix) => {
      const mode = environment.get(prefix === 'PG' ? 'PGSSLMODE' : `${prefix}_SSLMODE`) ?? 'unset';
      return !['require', 'verify-ca', 'verify-full'].includes(mode);
    })
    .map((prefix) => `${prefix} does not say that its connection is encrypted (sslmode)`),
);

/** Logs go to a group that the install makes, which forgets them at last. */
export const logGroups: Check = (deployment) => {
  const groups = new Map(
    resourcesOf(deployment, 'AWS::Logs::LogGroup').map((resource) => [resource.ref, resource]),
  );
  const unkept = [...groups.values()]
    .filter(({ properties }) => textAt(properties, 'RetentionInDays') === '')
    .map((group) => finding(group, 'keeps logs for ever: RetentionInDays'));
  const check = eachContainer(({ definition }) => {
    const log = at(definition, 'LogConfiguration');
    if (textAt(log, 'LogDriver') !== 'awslogs') return ['its output goes nowhere: LogConfiguration'];
    const name = textAt(log, 'Options', 'awslogs-group');
    const faults = groups.has(name) ? [] : [`its log group ${name} is not made here`];
    if (textAt(log, 'Options', 'awslogs-stream-prefix') === '')
      faults.push('Fargate needs awslogs-stream-prefix');
    return faults;
  });
  return [...unkept, ...check(deployment)];
};

/** No two containers of a task have a name, and one of them at least keeps the task alive. */
export const essentialContainers = eachDefinition((definition) => {
  const containers = containersOf(definition);
  const names = containers.map(({ name }) => name);
  const faults = names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `two containers are ${name}`);
  const essential = containers.filter(({ definition: each }) => textAt(each, 'Essential') !== 'false');
  if (essential.length === 0) faults.push('no container is essential');
  for (const { name, definition: each } of containers) {
    for (const before of listAt(each, 'DependsOn')) {
      const other = containers.find((container) => container.name === textAt(before, 'ContainerName'));
      const condition = textAt(before, 'Condition');
      if (other === undefined)
        faults.push(`${name} waits for ${textAt(before, 'ContainerName')}, which is not there`);
      else if (condition === 'SUCCESS' && textAt(other.definition, 'Essential') !== 'false') {
        faults.push(`${name} waits for the end of ${other.name}, whose end is that of the task`);
      } else if (
        condition === 'HEALTHY' &&
        textsAt(other.definition, 'HealthCheck', 'Command').length === 0
      ) {
        faults.push(`${name} waits for the health of ${other.name}, which has no health check`);
      }
    }
  }
  return faults;
});
