import { type Call, type Intrinsic, members } from './call.ts';
import { isObject, type JsonObject } from './model.ts';
import { blocks, zones } from './network.ts';
import { isUnresolved, UNRESOLVED, type Value, valueText } from './scope.ts';

/**
 * The functions of resources and outputs, as
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html has them.
 */
export const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: ({ argument, scope, path, fail }) =>
    typeof argument === 'string'
      ? scope.reference(argument, path)
      : fail('takes the name of a parameter or resource'),

  'Fn::GetAtt': (call) => {
    const { argument, scope, path, fail } = call;
    const parts = typeof argument === 'string' ? argument.split('.') : argument;
    if (!Array.isArray(parts) || parts.length < 2 || typeof parts[0] !== 'string') {
      return fail('takes a resource and an attribute');
    }
    // The attribute may be a Ref to a parameter; the resource may not.
    const names = parts.slice(1).map((part, index) => valueText(call.resolve(part, index + 1)));
    if (names.includes(undefined)) return fail('takes a resource and an attribute');
    return scope.attribute(parts[0], names.join('.'), path);
  },

  'Fn::Sub': (call) => {
    const [text, map] = Array.isArray(call.argument) ? call.argument : [call.argument, {}];
    if (typeof text !== 'string' || !isObject(map)) return call.fail('takes a text, or a text and a mapping');
    return substituted(text, map, call);
  },

  'Fn::Join': (call) => {
    const values = members(call, 2, 2, 'a delimiter and a list');
    if (values === undefined) return UNRESOLVED;
    const [delimiter, list] = values;
    if (typeof delimiter !== 'string' || !Array.isArray(list))
      return call.fail('takes a delimiter and a list');
    const texts = (list as Value[]).map(valueText);
    return texts.includes(undefined) ? call.fail('joins texts alone') : texts.join(delimiter);
  },

  'Fn::Split': (call) => {
    const values = members(call, 2, 2, 'a delimiter and a text');
    if (values === undefined) return UNRESOLVED;
    const [delimiter, text] = values;
    if (typeof delimiter !== 'string' || delimiter === '' || typeof text !== 'string') {
      return call.fail('takes a delimiter, which is not empty, and a text');
    }
    return text.split(delimiter);
  },

  'Fn::Select': (call) => {
    const values = members(call, 2, 2, 'an index and a list');
    if (values === undefined) return UNRESOLVED;
    const [index, list] = values;
    if (!Array.isArray(list)) return call.fail('selects from a list');
    const text = valueText(index) ?? '';
    if (!/^\d+$/.test(text)) return call.fail(`${text} is no index`);
    const found = list[Number(text)] as Value | undefined;
    return found ?? call.fail(`cannot select nonexistent value at index ${text} of ${list.length}`);
  },

  'Fn::If': (call) => {
    const { argument, scope, path } = call;
    if (!Array.isArray(argument) || argument.length !== 3 || typeof argument[0] !== 'string') {
      return call.fail('takes a condition and two values');
    }
    const holds = scope.condition(argument[0], `${path}/0`);
    if (holds === UNRESOLVED) return UNRESOLVED;
    // The other branch is not looked at: it may refer to what is not there.
    return holds ? call.resolve(argument[1], 1) : call.resolve(argument[2], 2);
  },

  'Fn::ImportValue': (call) => {
    const { argument, scope, path, fail } = call;
    const within = scope.withoutResources('an import is known before there are resources');
    const name = call.resolve(argument, undefined, within);
    if (isUnresolved(name)) return UNRESOLVED;
    const text = valueText(name);
    return text === undefined ? fail('takes the name of an export') : scope.imported(text, path);
  },

  'Fn::FindInMap': (call) => {
    const values = members(call, 3, 3, 'a mapping and two keys');
    if (values === undefined) return UNRESOLVED;
    const [map, first, second] = values.map(valueText);
    if (map === undefined || first === undefined || second === undefined) {
      return call.fail('takes a mapping and two keys');
    }
    const found = call.scope.mapping(map, first, second);
    return (found as Value | undefined) ?? call.fail(`Mappings has no ${map}/${first}/${second}`);
  },

  'Fn::Base64': (call) => {
    const text = valueText(call.resolve(call.argument));
    return text === undefined ? call.fail('takes a text') : Buffer.from(text).toString('base64');
  },

  'Fn::GetAZs': (call) => {
    const region = valueText(call.resolve(call.argument));
    return region === undefined
      ? call.fail('takes a region, or an empty text')
      : zones(region || call.scope.region);
  },

  'Fn::Cidr': (call) => {
    const values = members(call, 2, 3, 'a block, a count and a number of host bits');
    if (values === undefined) return UNRESOLVED;
    const [block, count, bits = '8'] = values.map(valueText);
    const found = blocks(block ?? '', Number(count), Number(bits));
    return typeof found === 'string' ? call.fail(found) : found;
  },
};

/** A Sub's text: `${Name}`, `${Resource.Attribute}`, names of its own mapping, and `${!Literal}`, which stays. */
function substituted(text: string, map: JsonObject, call: Call): Value {
  let unresolved = false;
  const result = text.replace(/\$\{([^}]*)\}/g, (whole, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    const value = Object.hasOwn(map, name) ? call.resolve(map[name], `1/${name}`) : named(name, call);
    const found = valueText(value);
    if (found !== undefined) return found;
    if (!isUnresolved(value)) call.fail(`${whole} is no text`);
    unresolved = true;
    return '';
  });
  return unresolved ? UNRESOLVED : result;
}

function named(name: string, { scope, path, fail }: Call): Value {
  if (!/^[A-Za-z0-9]+(::[A-Za-z]+)?(\.[A-Za-z0-9.]+)?$/.test(name)) return fail(`\${${name}} is no name`);
  const dot = name.indexOf('.');
  if (dot < 0) return scope.reference(name, path);
  return scope.attribute(name.slice(0, dot), name.slice(dot + 1), path);
}
