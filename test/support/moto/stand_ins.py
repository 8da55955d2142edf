"""Stand-ins for the types of resources of which moto 5.2 has no model, so that templates are deployed as they are."""

import json

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.moto_api._internal import mock_random
from moto.secretsmanager.models import secretsmanager_backends

# Types that moto has no model of, and the form of what Ref gives: {name} is made up for the resource.
ARN = "arn:aws:{service}:{region}:{account}:{kind}/{name}"
STAND_INS = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ARN,
    "AWS::ApplicationAutoScaling::ScalingPolicy": ARN,
    "AWS::CloudWatch::Dashboard": "{name}",
    "AWS::EC2::SecurityGroupEgress": "{name}",
    "AWS::ECS::ClusterCapacityProviderAssociations": "{name}",
    "AWS::EFS::AccessPoint": "fsap-{name}",
    "AWS::EFS::MountTarget": "fsmt-{name}",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": "{name}",
    "AWS::IAM::RolePolicy": "{name}",
    "AWS::Lambda::EventInvokeConfig": "{name}",
    # moto's models of these need docker, or properties that the templates leave to AWS.
    "AWS::Lambda::Function": "{name}",
    "AWS::Lambda::Permission": "{name}",
    "AWS::S3::BucketPolicy": "{name}",
    "AWS::SQS::QueueInlinePolicy": "{name}",
    "AWS::SQS::QueuePolicy": "{name}",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::SecretsManager::ResourcePolicy": "{name}",
    "AWS::SecretsManager::SecretTargetAttachment": "{name}",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "ns-{name}",
    "AWS::ServiceDiscovery::Service": "srv-{name}",
}


class StandIn(CloudFormationModel):
    """A resource that is in no service: only its stack knows it. A secret is a real one of moto."""

    # moto keeps its models by the service in the module's name.
    __module__ = "moto.cloudformation.stand_ins"

    def __init__(self, kind, name, properties, account, region):
        self.kind, self.name, self.properties = kind, name, properties
        self.account, self.region = account, region
        self.physical_resource_id = self._reference()

    def _reference(self):
        form = STAND_INS.get(self.kind, "{name}")
        if form == "secret":
            backend = secretsmanager_backends[self.account][self.region]
            said = self.properties.get("GenerateSecretString") or {}
            fields = json.loads(said.get("SecretStringTemplate", "{}"))
            fields[said.get("GenerateStringKey", "value")] = "generated-by-moto"
            text = self.properties.get("SecretString") or json.dumps(fields)
            said = backend.create_secret(
                name=self.name,
                secret_string=text,
                secret_binary=None,
                description=None,
                tags=[],
                kms_key_id=None,
                client_request_token=None,
                replica_regions=[],
                force_overwrite=False,
            )
            return json.loads(said)["ARN"]
        service, kind = self.kind.lower().split("::")[1:] if self.kind.count("::") == 2 else ("custom", "resource")
        return form.format(
            service=service, kind=kind, name=self.name, region=self.region, account=self.account
        )

    def get_cfn_attribute(self, name):
        if name in ("Id", "AccessPointId", "MountTargetId"):
            return self.physical_resource_id
        if name.endswith("Arn") or name == "Arn":
            if self.physical_resource_id.startswith("arn:"):
                return self.physical_resource_id
            service, kind = (self.kind.lower().split("::") + ["", ""])[1:3]
            return f"arn:aws:{service}:{self.region}:{self.account}:{kind}/{self.name}"
        return f"{self.name}-{name}"

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def is_created(self):
        return True

    def delete(self, account, region):
        if STAND_INS.get(self.kind) == "secret":
            secretsmanager_backends[account][region].delete_secret(
                self.physical_resource_id, recovery_window_in_days=None, force_delete_without_recovery=True
            )


def stand_in(kind):
    class Of(StandIn):
        __module__ = StandIn.__module__

        @staticmethod
        def cloudformation_name_type():
            return ""

        @staticmethod
        def cloudformation_type():
            return kind

        @classmethod
        def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
            name = f"{resource_name}-{mock_random.get_random_hex(6)}"
            return cls(kind, name, cloudformation_json.get("Properties") or {}, account_id, region_name)

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
        ):
            original_resource.properties = cloudformation_json.get("Properties") or {}
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(cls, *args, **kwargs):
            pass

    return Of


CLASSES = {kind: stand_in(kind) for kind in STAND_INS}
CUSTOM = stand_in("Custom::Resource")
class_of = parsing.resource_class_from_type


def resource_class_from_type(kind):
    if kind.startswith("Custom::"):
        return CUSTOM
    return CLASSES.get(kind) or class_of(kind)


parsing.resource_class_from_type = resource_class_from_type
