const VALUES = ['Ref', 'Fn::FindInMap', 'Fn::Join', 'Fn::Select', 'Fn::Split', 'Fn::Sub'];
const LOGIC = ['Fn::And', 'Fn::Equals', 'Fn::Not', 'Fn::Or'];

/** Functions that may stand in a resource's properties. */
export const RESOURCES: ReadonlySet<string> = new Set([
  ...VALUES,
  ...['Fn::Base64', 'Fn::Cidr', 'Fn::GetAtt', 'Fn::GetAZs', 'Fn::If', 'Fn::ImportValue'],
]);

/** Functions that may stand in outputs: the same. */
export const OUTPUTS = RESOURCES;

/** Functions that may stand in the section Conditions. */
export const CONDITIONS: ReadonlySet<string> = new Set([...VALUES, ...LOGIC, 'Condition']);

/** Functions that may stand in the section Rules: besides Ref those of rules alone. */
export const RULES: ReadonlySet<string> = new Set([
  ...LOGIC,
  ...[
    'Ref',
    'Fn::Contains',
    'Fn::EachMemberEquals',
    'Fn::EachMemberIn',
    'Fn::RefAll',
    'Fn::ValueOf',
    'Fn::ValueOfAll',
  ],
]);
