data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

module "rules" {
  source = "./modules/rules"

  refiners = var.refiners
}

module "names" {
  source   = "./modules/names"
  for_each = module.rules.prefixes

  namespace = var.namespace
  name      = each.key
}

locals {
  registry = "${data.aws_caller_identity.current.account_id}.dkr.ecr.${var.aws_region}.${data.aws_partition.current.dns_suffix}"

  # From the most particular to the most general: what this run was told, what the declaration says, and the release
  # in the refiner's own repository, which the registry root made.
  image_uris = {
    for name, refiner in var.refiners : name => try(
      coalesce(lookup(var.image_uris, name, null), refiner.image_uri),
      "${local.registry}/${module.names[name].repository}:${var.release_tag}",
      null,
    )
  }
}

module "data_repository" {
  source = "./modules/data-repository"

  bucket_name             = var.bucket_name
  bus_name                = var.bus_name
  roles                   = { for name, refiner in module.refiner : name => refiner.role }
  kms_key_arn             = var.kms_key_arn
  archive_days            = var.archive_days
  noncurrent_version_days = var.noncurrent_version_days
  alarm_topic_arn         = var.alarm_topic_arn
  force_destroy           = var.force_destroy
}

module "refiner" {
  source   = "./modules/refiner"
  for_each = var.refiners

  namespace          = var.namespace
  name               = each.key
  bucket_name        = module.data_repository.bucket_name
  bus_name           = module.data_repository.bus_name
  input_prefix       = module.rules.prefixes[each.key].input
  output_prefix      = module.rules.prefixes[each.key].output
  complete_prefix    = module.rules.prefixes[each.key].complete
  image_uri          = local.image_uris[each.key]
  architecture       = each.value.architecture
  batch_size         = each.value.batch_size
  concurrency        = each.value.concurrency
  max_receives       = each.value.max_receives
  timeout            = each.value.timeout
  memory_size        = each.value.memory_size
  environment        = each.value.environment
  vpc                = each.value.vpc
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days
  alarm_topic_arn    = var.alarm_topic_arn
}
