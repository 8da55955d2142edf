# The repositories alone, with a state of their own: they must be there before an image is, and the pipeline can only
# be made after one is.
module "rules" {
  source = "../modules/rules"

  refiners = var.refiners
}

module "names" {
  source   = "../modules/names"
  for_each = module.rules.prefixes

  namespace = var.namespace
  name      = each.key
}

module "ecr" {
  source   = "../modules/ecr"
  for_each = module.rules.prefixes

  name          = module.names[each.key].repository
  function_name = module.names[each.key].function
  keep_images   = var.keep_images
  kms_key_arn   = var.kms_key_arn
  force_delete  = var.force_delete
}
