"""CloudFormation as AWS documents it, where moto 5.2 does otherwise and a deployment would notice.

moto executes a change set inside the request, without outputs, exports or imports, and knows fewer types of resources
than the templates have. Here change sets and deletions take their time in the background and leave the events that
CloudFormation leaves; a creation that fails is rolled back; and a type that moto has no model of is stood in for, so
that the templates are deployed as they are. Read by sitecustomize.py where MOTO_STACK_SECONDS is set: the seconds
that each resource takes.
"""

import ipaddress
import os
import threading
import time

import mended_resources  # noqa: F401
import stand_ins  # noqa: F401
from moto.cloudformation import models, parsing, responses
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

SECONDS = float(os.environ["MOTO_STACK_SECONDS"])
# The file may name a resource that fails when it is made: for what no template can bring about at moto.
FAILING = os.environ.get("MOTO_FAILING_RESOURCE_FILE")


def failing_resource():
    if FAILING is None or not os.path.exists(FAILING):
        return None
    with open(FAILING, encoding="utf8") as file:
        return file.read().strip()


NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."

updated = parsing.parse_and_update_resource


def parse_and_update_resource(logical_id, said, resources, account_id, region_name):
    """moto loses what it cannot update, and fails at what is not made at all."""
    condition = said.get("Condition")
    if condition and not resources.lazy_condition_map[condition]:
        return None
    return updated(logical_id, said, resources, account_id, region_name) or resources[logical_id]


parsing.parse_and_update_resource = parse_and_update_resource

# Intrinsic functions that moto does not know, or knows for the text of a region alone.
cleaned = parsing.clean_json


def clean_json(value, resources):
    if isinstance(value, dict) and len(value) == 1:
        if "Fn::Cidr" in value:
            block, count, bits = cleaned(value["Fn::Cidr"], resources)
            networks = ipaddress.ip_network(block).subnets(new_prefix=32 - int(bits))
            return [str(network) for _, network in zip(range(int(count)), networks)]
        if "Fn::GetAZs" in value:
            region = cleaned(value["Fn::GetAZs"], resources) or resources["AWS::Region"]
            return [f"{region}{zone}" for zone in "abcd"]
    if isinstance(value, list):
        # AWS::NoValue takes its element away.
        return [found for found in cleaned(value, resources) if found is not None]
    return cleaned(value, resources)


parsing.clean_json = clean_json


def exports(outputs):
    """Those whose condition holds. moto exports the others as None."""
    found = []
    for said in (outputs._output_json_map or {}).values():
        resources = outputs._resource_map
        holds = "Condition" not in said or resources.lazy_condition_map[said["Condition"]]
        if said.get("Export") and holds:
            name = parsing.clean_json(said["Export"]["Name"], resources)
            value = parsing.clean_json(said["Value"], resources)
            if value is None or str(value).strip() == "":
                raise ValidationError(message=f"Cannot export output {name}. Exported values must not be empty or whitespace-only.")
            found.append(parsing.Export(outputs._stack_id, name, value))
    return found


parsing.OutputMap.exports = property(exports)

Stack = models.Stack
Backend = models.CloudFormationBackend
outputs_of = Stack.outputs.fget


def is_made(stack):
    return stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


# To ask for an output makes the resource at moto: not while the stack is being made, and not after it is gone.
Stack.outputs = property(lambda stack: outputs_of(stack) if is_made(stack) else None)


def values_of(stack):
    """Every parameter with the text that it has."""
    declared = stack.template_dict.get("Parameters", {})
    values = {name: str(said["Default"]) for name, said in declared.items() if "Default" in said}
    return {**values, **{name: value for name, value in stack.parameters.items() if name in declared}}


def told_parameters(stack):
    declared = stack.template_dict.get("Parameters", {})
    return [
        {"ParameterKey": name, "ParameterValue": "****" if declared[name].get("NoEcho") else value}
        for name, value in values_of(stack).items()
    ]


Stack.stack_parameters = property(values_of)
Stack.parameter_list = property(told_parameters)


def event(stack, logical_id, physical_id, kind, status, reason=None):
    stack.events.append(
        models.Event(
            stack_id=stack.stack_id,
            stack_name=stack.name,
            logical_resource_id=logical_id,
            physical_resource_id=physical_id or "",
            resource_type=kind,
            resource_status=status,
            resource_status_reason=reason,
            resource_properties=None,
        )
    )


def own_event(stack, status, reason=None):
    stack.status = status
    stack.status_reason = reason
    event(stack, stack.name, stack.stack_id, "AWS::CloudFormation::Stack", status, reason)


def make_resources(stack):
    resources = stack.resource_map
    for logical_id in resources._ResourceMap__get_resources_in_dependency_order():
        said = resources._resource_json_map[logical_id]
        condition = said.get("Condition")
        if condition and not resources.lazy_condition_map[condition]:
            continue
        event(stack, logical_id, None, said["Type"], "CREATE_IN_PROGRESS")
        time.sleep(SECONDS)
        try:
            if logical_id == failing_resource():
                raise ValueError("it was told to fail")
            made = resources[logical_id]
        except Exception as error:
            event(stack, logical_id, None, said["Type"], "CREATE_FAILED", str(error))
            raise
        event(stack, logical_id, getattr(made, "physical_resource_id", None), said["Type"], "CREATE_COMPLETE")
    stack.create_resources()


def create(backend, stack, change_set):
    try:
        stack.template = change_set.template
        stack._parse_template()
        stack.parameters = change_set.parameters
        stack.cross_stack_resources = backend.exports
        stack.resource_map = stack._create_resource_map()
        stack.output_map = stack._create_output_map()
        make_resources(stack)
        stack.status = "CREATE_IN_PROGRESS"
        stack.events.pop()
        for export in stack.exports:
            backend.exports[export.name] = export
        own_event(stack, "CREATE_COMPLETE")
    except Exception as error:
        own_event(stack, "ROLLBACK_IN_PROGRESS", f"The following resource(s) failed to create: {error}")
        try:
            stack.resource_map.delete()
        except Exception:
            pass
        own_event(stack, "ROLLBACK_COMPLETE")


def update(backend, stack, change_set):
    try:
        time.sleep(SECONDS)
        stack.update(change_set.template, change_set.role_arn, change_set.parameters, change_set.tags or None)
        for export in stack.exports:
            backend.exports[export.name] = export
    except Exception as error:
        own_event(stack, "UPDATE_ROLLBACK_IN_PROGRESS", str(error))
        own_event(stack, "UPDATE_ROLLBACK_COMPLETE", str(error))


make_change_set = Backend.create_change_set


def create_change_set(self, stack_name, change_set_name, template, parameters, description, change_set_type, **more):
    standing = next((stack for stack in self.stacks.values() if stack.name == stack_name), None)
    if change_set_type == "CREATE" and standing is not None:
        raise ValidationError(message=f"Stack [{stack_name}] already exists and cannot be created again with the changeSet [{change_set_name}].")
    if change_set_type == "UPDATE":
        declared = Stack.parse_template(template).get("Parameters", {})
        fallbacks = {name: str(said["Default"]) for name, said in declared.items() if "Default" in said}
        parameters = {**fallbacks, **parameters}
        tags = more.get("tags") or None
        same = standing.template == template and values_of(standing) == parameters
        idle = same and (tags is None or tags == standing.tags)
    set_id, stack_id = make_change_set(
        self, stack_name, change_set_name, template, parameters, description, change_set_type, **more
    )
    if change_set_type == "UPDATE":
        made = self.change_sets[set_id]
        made.status = "FAILED" if idle else "CREATE_COMPLETE"
        made.execution_status = "UNAVAILABLE" if idle else "AVAILABLE"
        made.status_reason = NO_CHANGES if idle else None
    return set_id, stack_id


def execute_change_set(self, change_set_name, stack_name=None):
    change_set = self.describe_change_set(change_set_name)
    stack = self.stacks[change_set.stack_id]
    change_set.execution_status = "EXECUTE_COMPLETE"
    if change_set.change_set_type == "CREATE":
        own_event(stack, "CREATE_IN_PROGRESS", "User Initiated")
        work = create
    else:
        stack.status = "UPDATE_IN_PROGRESS"
        work = update
    threading.Thread(target=work, args=(self, stack, change_set), daemon=True).start()


def delete(backend, stack):
    try:
        kept = [
            made
            for logical_id, made in stack.resource_map._parsed_resources.items()
            if isinstance(made, CloudFormationModel)
            and stack.template_dict["Resources"][logical_id].get("DeletionPolicy", "").startswith("Retain")
        ]
        for logical_id, said in list(stack.template_dict.get("Resources", {}).items()):
            if isinstance(stack.resource_map._parsed_resources.get(logical_id), CloudFormationModel):
                event(stack, logical_id, None, said["Type"], "DELETE_IN_PROGRESS")
                time.sleep(SECONDS)
            if said.get("DeletionPolicy") == "RetainExceptOnCreate":
                said["DeletionPolicy"] = "Retain"
        names = [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]
        stack.resource_map.delete()
        stack.kept = kept
        for name in names:
            backend.exports.pop(name)
        own_event(stack, "DELETE_COMPLETE")
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)
    except Exception as error:
        own_event(stack, "DELETE_FAILED", f"{type(error).__name__}: {error}")


def delete_stack(self, name_or_stack_id):
    for stack in list(self.stacks.values()):
        if name_or_stack_id in (stack.name, stack.stack_id) and stack.status != "DELETE_IN_PROGRESS":
            never = stack.status in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")
            own_event(stack, "DELETE_IN_PROGRESS", "User Initiated")
            if never:
                stack.kept = []
                own_event(stack, "DELETE_COMPLETE")
                self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)
            else:
                threading.Thread(target=delete, args=(self, stack), daemon=True).start()


@classmethod
def delete_nested(cls, resource_name, cloudformation_json, account_id, region_name):
    backend = models.cloudformation_backends[account_id][region_name]
    stack = backend.stacks.get(resource_name)
    if stack is not None:
        delete(backend, stack)
        if stack.status != "DELETE_COMPLETE":
            raise ValueError(f"{stack.name}: {stack.status_reason}")


Stack.get_cfn_attribute = lambda stack, attr: stack.output_map[attr.removeprefix("Outputs.")].value

# Ref of a nested stack is its ARN, and it is gone before what it is in.
Stack.physical_resource_id = property(lambda stack: stack.stack_id)
Stack.delete_from_cloudformation_json = delete_nested


def list_stack_resources(self, stack_name_or_id):
    """What is made: moto makes what is not, when it is asked for a list."""
    stack = self.get_stack(stack_name_or_id)
    if hasattr(stack, "kept"):
        return stack.kept
    return [made for made in stack.resource_map._parsed_resources.values() if isinstance(made, CloudFormationModel)]


Backend.create_change_set = create_change_set
Backend.execute_change_set = execute_change_set
Backend.delete_stack = delete_stack
Backend.list_stack_resources = list_stack_resources
responses.CloudFormationResponse._validate_different_update = lambda *_: None
