"""Resources of moto 5.2 that are made or deleted by a stack otherwise than AWS documents it."""

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_ip_addresses import ElasticAddress
from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ecs import models as ecs
from moto.elbv2.models import FakeLoadBalancer, FakeTargetGroup, elbv2_backends
from moto.iam.models import ManagedPolicy, iam_backends
from moto.rds import models as rds
from moto.s3.exceptions import MissingBucket
from moto.s3.models import FakeBucket
from moto.ssm.models import Parameter as SsmParameter

delete_bucket = FakeBucket.delete_from_cloudformation_json


def delete_bucket_or_none(*args, **kwargs):
    """CloudFormation takes a bucket that is gone for deleted."""
    try:
        delete_bucket(*args, **kwargs)
    except MissingBucket:
        pass


FakeBucket.delete_from_cloudformation_json = delete_bucket_or_none

# Ref of a parameter group is its name. moto gives the object.
rds.DBParameterGroup.physical_resource_id = property(lambda group: group.name)

associate = SubnetBackend.create_subnet_association


def create_subnet_association(self, route_table_id, subnet_id):
    """moto does not tell the route table."""
    self.associate_route_table(route_table_id, subnet_id=subnet_id)
    return associate(self, route_table_id, subnet_id)


SubnetBackend.create_subnet_association = create_subnet_association

# What moto's stacks leave standing when they are deleted, and its VPC then cannot go.


def deletes(model, work):
    model.delete = lambda made, account, region: work(ec2_backends[account][region], made)


def delete_route_table(backend, table):
    table._associations.clear()
    backend.delete_route_table(table.id)


def delete_gateway(backend, gateway):
    gateway.vpc = None
    backend.internet_gateways.pop(gateway.id, None)


def delete_address(backend, address):
    backend.addresses.remove(address)


def deletes_from(model, register):
    """Takes what is made out of the emulator's register of its kind."""

    def delete(made, account, region):
        kept = register(account, region)
        for key in [key for key, found in kept.items() if found is made]:
            del kept[key]

    model.delete = delete


deletes_from(ecs.Cluster, lambda account, region: ecs.ecs_backends[account][region].clusters)
deletes_from(ecs.Service, lambda account, region: ecs.ecs_backends[account][region].services)
deletes_from(FakeTargetGroup, lambda account, region: elbv2_backends[account][region].target_groups)
deletes_from(ManagedPolicy, lambda account, region: iam_backends[account]["aws"].managed_policies)
deletes(RouteTable, delete_route_table)
deletes(InternetGateway, delete_gateway)
deletes(ElasticAddress, delete_address)
deletes(NatGateway, lambda backend, gateway: backend.nat_gateways.pop(gateway.id, None))
deletes(VPCEndPoint, lambda backend, endpoint: backend.vpc_end_points.pop(endpoint.id, None))

make_parameter = SsmParameter.create_from_cloudformation_json.__func__


@classmethod
def named_parameter(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """AWS names a parameter that has no name. moto fails at it."""
    cloudformation_json["Properties"].setdefault("Name", resource_name)
    return make_parameter(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)


SsmParameter.create_from_cloudformation_json = named_parameter
SsmParameter.has_cfn_attr = classmethod(lambda cls, attr: attr in ("Type", "Value"))
SsmParameter.get_cfn_attribute = lambda made, attr: {"Type": made.parameter_type, "Value": made.value}[attr]

make_balancer = FakeLoadBalancer.create_from_cloudformation_json.__func__


@classmethod
def balancer_of_its_type(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
    """moto's stacks make application load balancers only, which have no listener for TCP."""
    made = make_balancer(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs)
    made.type = cloudformation_json["Properties"].get("Type", "application")
    return made


FakeLoadBalancer.create_from_cloudformation_json = balancer_of_its_type

# Every task that is asked for runs.
ecs.Service.running_count = property(lambda service: service.desired_count, lambda *_: None)
